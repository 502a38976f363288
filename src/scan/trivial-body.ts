/**
 * @file Functions whose text says nothing about a fault: stubs of overloads and interfaces, empty bodies, and bodies that only give
 * a value back. Bodies that call, index, dereference or assign anything are never among them.
 */
import { firstFrom } from '../base/first-from.ts';
import type { ExtractedFunction } from '../source/extracted-function.ts';
import type { TrivialBody } from './finding.ts';
import type { SourceRange } from './suppressions.ts';

/** A longer one is somebody's computation. */
const LONGEST_BODY = 200;

/** What stands where nothing is done, in the thirteen languages. */
const NOTHING =
  /^(?:;|pass|\.\.\.|raise NotImplementedError(?:\(\))?|(?:todo|unimplemented)!\(\)|TODO\(\)|\?\?\?|def [\w.?!]+(?:\([\w\s,]*\))?;?\s*end)?$/;
/** `"""Doc."""` and what may follow it. */
const DOCUMENTATION = /^(?:"""(?:[^"]|"(?!""))*"""|'''(?:[^']|'(?!''))*''')\s*/;

const ATOM = String.raw`(?:"[^"\\\n]*"|'[^'\\\n]*'|\{\}|\[\]|[\w$@]+(?:(?:\?\.|\.|::|->)[\w$]+)*)`;
const OPERATOR = String.raw`(?:[-+]|[=!]==?|[<>]=?|&&|\|\||\?\?)`;
/** Names, members and literals, compared or added. */
const VALUE = new RegExp(
  String.raw`^(?:return\s+)?[!&~-]{0,2}${ATOM}(?:\s*${OPERATOR}\s*[!-]?${ATOM}){0,3}$`,
);

/** A function that is to refuse something and does nothing accepts everything (CWE-295, CWE-285): its empty body is the fault. */
const GUARD = /auth|verif|valid|check|trust|certif|hostname|allow|permi|access|accept|saniti[sz]|escap/i;

/** `comments` in the order of the source. */
export function trivialBody(
  source: string,
  { name, bodyStart, bodyEnd, kind, parameters }: ExtractedFunction,
  comments: readonly SourceRange[],
): TrivialBody | undefined {
  if (name !== undefined && GUARD.test(name)) return undefined;
  const text = withoutComments(source, bodyStart, bodyEnd, comments);
  if (text === undefined) return undefined;
  const body = bare(text);
  // A default value is run too; a constructor may do its work in a list of initialisers before its body.
  if (/[([]/.test(parameters.replace(/\[\]/g, '')) || kind === 'constructor') return undefined;
  if (NOTHING.test(body.replace(DOCUMENTATION, ''))) return 'empty body';
  return VALUE.test(body) ? 'one value' : undefined;
}

/** Undefined for a body too long to be trivial. */
function withoutComments(
  source: string,
  start: number,
  end: number,
  comments: readonly SourceRange[],
): string | undefined {
  let [text, at] = ['', start];
  for (let i = firstFrom(comments, start); i < comments.length && comments[i]!.start < end; i++) {
    text += source.slice(at, Math.max(at, comments[i]!.start));
    at = Math.max(at, comments[i]!.end);
    if (text.length > LONGEST_TEXT) return undefined;
  }
  text += source.slice(at, Math.max(at, Math.min(end, at + LONGEST_TEXT + 1)));
  return text.length > LONGEST_TEXT ? undefined : text.trim();
}

/** With documentation in it. */
const LONGEST_TEXT = 4000;

/** Without braces, arrows and the last semicolon. */
function bare(text: string): string {
  const inner = text
    .replace(/^(?:=>|=)\s*/, '')
    .replace(/;$/, '')
    .trim();
  const body = inner.startsWith('{') && inner.endsWith('}') ? inner.slice(1, -1).trim() : inner;
  const value = body.replace(/\s*;$/, '');
  return value.length > LONGEST_BODY && !DOCUMENTATION.test(value) ? '(' : value;
}
