/**
 * @file Advisory facts as JSON lines: {package, vulnerable, fixed, introduced?, cve, cwe, date?, functions?}, the form of
 * data/advisories. One line, one pair of releases; fetches nothing.
 */
import { VultuneError } from '../../../base/errors.ts';
import { readLines } from '../../read-lines.ts';
import type { NamedFunction } from '../../source.ts';
import type { AffectedPackage, Ecosystem } from '../releases/release-pair.ts';

const ECOSYSTEMS: readonly string[] = ['npm', 'pypi', 'maven'] satisfies readonly Ecosystem[];

/**
 * @param ecosystem of lines that name none
 * @throws VultuneError as `readLines`, `ADVISORY_BROKEN` with the line
 */
export async function readAdvisoryLines(path: string, ecosystem: Ecosystem): Promise<AffectedPackage[]> {
  const found: AffectedPackage[] = [];
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    const broken = (name: string, expected: string) =>
      new VultuneError('ADVISORY_BROKEN', `${name}: expected ${expected}`, {
        where: { file: path, line: number, name },
      });
    found.push(parseLine(text, ecosystem, broken));
  }
  return found;
}

function parseLine(
  text: string,
  ecosystem: Ecosystem,
  broken: (name: string, expected: string) => VultuneError,
): AffectedPackage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken('line', 'one JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw broken('line', 'one JSON object');
  const line = value as Readonly<Record<string, unknown>>;
  const optional = (name: string): string | undefined => {
    const field = line[name];
    if (field === undefined || field === null) return undefined;
    if (typeof field !== 'string' || field === '') throw broken(name, 'a string');
    return field;
  };
  const required = (name: string): string => {
    const field = optional(name);
    if (field === undefined) throw broken(name, 'a string');
    return field;
  };
  const system = (optional('ecosystem') ?? ecosystem).toLowerCase();
  if (!ECOSYSTEMS.includes(system)) throw broken('ecosystem', ECOSYSTEMS.join(', '));
  const [vulnerable, introduced, date] = [optional('vulnerable'), optional('introduced'), optional('date')];
  const named = namedFunctions(line.functions, broken);
  const cve = texts(line.cve ?? line.id, 'cve', broken);
  return {
    ecosystem: system as Ecosystem,
    package: required('package'),
    fixed: required('fixed'),
    ...(vulnerable === undefined ? {} : { vulnerable }),
    ...(introduced === undefined ? {} : { introduced }),
    cve,
    cwe: texts(line.cwe, 'cwe', broken),
    ...(date === undefined ? {} : { date }),
    ...(named.length === 0 ? {} : { named }),
  };
}

/** One text or a list of them. */
function texts(
  value: unknown,
  name: string,
  broken: (name: string, expected: string) => VultuneError,
): string[] {
  const list =
    value === undefined || value === null ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
  if (!list.every((entry) => typeof entry === 'string')) throw broken(name, 'a string or a list of strings');
  return list.filter((entry) => entry !== '');
}

/** A text, or {name, file?, line?}; an entry without a name is passed over. */
function namedFunctions(
  value: unknown,
  broken: (name: string, expected: string) => VultuneError,
): NamedFunction[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw broken('functions', 'a list of names or of {name, file}');
  return (value as unknown[]).flatMap((entry) => {
    if (typeof entry === 'string') return [{ name: entry }];
    if (typeof entry !== 'object' || entry === null)
      throw broken('functions', 'a list of names or of {name, file}');
    const { file, name, qualified, within, line } = entry as Readonly<Record<string, unknown>>;
    // An anonymous function is a part of the named one around it, as in the analysis of changes.
    const isAnonymous = typeof name === 'string' && name.startsWith('<anonymous');
    const known = [qualified, isAnonymous ? within : name, name].find((text) => typeof text === 'string');
    if (typeof known !== 'string' || known === '') return [];
    return [
      {
        ...(typeof file === 'string' ? { path: file } : {}),
        name: known,
        ...(Number.isInteger(line) ? { line: line as number } : {}),
      },
    ];
  });
}
