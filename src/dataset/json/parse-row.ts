/** @file One row of foreign JSON: Python's numbers read as null, nesting bounded, and an error that says where and why. */
import { type ErrorPlace, VultuneError } from '../../base/errors.ts';
import { pythonNumbersAsNull } from './python-numbers.ts';

/** Deeper values cannot be written again, or compared: what walks them runs out of stack. */
const DEEPEST = 256;

/** @throws VultuneError `DATASET_JSON_BROKEN`. */
export function parseRow(text: string, where: ErrorPlace & { readonly line: number }): unknown {
  const value = parse(text, where);
  checkDepth(value, where);
  return value;
}

/** @throws VultuneError `DATASET_JSON_BROKEN` for lists and objects in one another past all use. */
export function checkDepth(value: unknown, where: ErrorPlace): void {
  if (!isDeeper(value, DEEPEST)) return;
  const found = `a value is nested more than ${DEEPEST} levels deep`;
  throw new VultuneError('DATASET_JSON_BROKEN', found, {
    where,
    hint: 'a row is an object of strings, numbers and short lists',
  });
}

function parse(text: string, where: ErrorPlace & { readonly line: number }): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (/NaN|Infinity/.test(text)) {
      try {
        return JSON.parse(pythonNumbersAsNull(text));
      } catch {
        // Something else is wrong with it as well: what JSON says of the whole.
      }
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VultuneError('DATASET_JSON_BROKEN', `line ${where.line} is not JSON: ${shorten(reason)}`, {
      where,
      hint: hintFor(text),
      cause,
    });
  }
}

function hintFor(text: string): string {
  if (text.trimStart().startsWith('[')) {
    return 'this looks like a JSON array over several lines; expected one JSON object per line (JSON lines)';
  }
  return /\r(?!\n)/.test(text)
    ? 'its lines end in a carriage return only: end them with a line feed'
    : 'expected one JSON object per line (JSON lines), or one array of them';
}

/** The parser quotes the offending text: a function can be pages long. */
function shorten(reason: string): string {
  return reason.length <= 120 ? reason : `${reason.slice(0, 117)}...`;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) if (isDeeper(inner, levels - 1)) return true;
  return false;
}
