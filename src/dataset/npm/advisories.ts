/**
 * @file The table of advisory facts: which functions of which release of a package were vulnerable, and which release
 * fixed them. Reads and checks it; fetches nothing.
 */
import { VultuneError } from '../../base/errors.ts';
import { readLines } from '../read-lines.ts';

export interface NamedFunction {
  /** Path inside the package, in the vulnerable release. */
  readonly file: string;
  /** 1-based first and last line. */
  readonly line: number;
  readonly end: number;
  readonly name?: string;
  readonly qualified?: string;
  /** The same function elsewhere in the package. */
  readonly copies?: readonly { readonly file: string; readonly line: number }[];
}

export interface Advisory {
  readonly id: string;
  readonly package: string;
  /** The last vulnerable and the first fixed release. */
  readonly vulnerable: string;
  readonly fixed: string;
  readonly cwe: readonly string[];
  readonly date?: string;
  readonly functions: readonly NamedFunction[];
}

/** @throws VultuneError as `readLines`, `ADVISORY_BROKEN` (with the line), `ADVISORIES_EMPTY`. */
export async function readAdvisories(path: string): Promise<Advisory[]> {
  const advisories: Advisory[] = [];
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    advisories.push(parseAdvisory(text, { file: path, line: number }));
  }
  if (advisories.length > 0) return advisories;
  throw new VultuneError('ADVISORIES_EMPTY', `${path} holds no advisories`, { where: { file: path } });
}

const PACKAGE_NAME = /^(?:@[\w.~-]+\/)?[\w.~-]+$/;
/** An exact release: never a tag, a range, a file or an address that the client would go and fetch. */
const VERSION = /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/;

function parseAdvisory(text: string, where: { readonly file: string; readonly line: number }): Advisory {
  const broken = (name: string, expected: string, cause?: unknown) =>
    new VultuneError('ADVISORY_BROKEN', `${name}: expected ${expected}`, {
      where: { ...where, name },
      ...(cause === undefined ? {} : { cause }),
    });
  let value: Partial<Advisory> | null;
  try {
    value = JSON.parse(text) as Partial<Advisory> | null;
  } catch (cause) {
    throw broken('line', 'one JSON object', cause);
  }
  if (typeof value !== 'object' || value === null) throw broken('line', 'one JSON object');
  if (typeof value.id !== 'string') throw broken('id', 'a string (CVE-2021-44906)');
  if (typeof value.package !== 'string' || !PACKAGE_NAME.test(value.package)) {
    throw broken('package', 'the name of an npm package');
  }
  for (const name of ['vulnerable', 'fixed'] as const) {
    const version = value[name];
    if (typeof version !== 'string' || !VERSION.test(version)) throw broken(name, 'an exact version (1.2.3)');
  }
  if (!isListOf(value.cwe, (entry) => typeof entry === 'string')) throw broken('cwe', 'a list of strings');
  if (value.date !== undefined && typeof value.date !== 'string') throw broken('date', 'a string');
  if (!isListOf(value.functions, isNamedFunction) || value.functions!.length === 0) {
    throw broken('functions', 'a list of {file, line, end, name?, qualified?}');
  }
  return value as Advisory;
}

function isNamedFunction(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { file, line, end } = entry as Partial<NamedFunction>;
  return typeof file === 'string' && Number.isInteger(line) && Number.isInteger(end);
}

function isListOf(value: unknown, check: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check);
}

/** Order of exact versions: negative when `a` is older. A pre-release is older than its release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionParts(a), versionParts(b)];
  for (const [i, number] of left.numbers.entries()) {
    if (number !== right.numbers[i]) return number - right.numbers[i]!;
  }
  if (left.preRelease === right.preRelease) return 0;
  if (left.preRelease === '' || right.preRelease === '') return left.preRelease === '' ? 1 : -1;
  return left.preRelease.localeCompare(right.preRelease, 'en', { numeric: true });
}

function versionParts(version: string): { readonly numbers: readonly number[]; readonly preRelease: string } {
  const [release = '', ...preRelease] = version.replace(/\+.*$/, '').split('-');
  return { numbers: release.split('.').map(Number), preRelease: preRelease.join('-') };
}
