/** @file What can be wrong with a configuration, where it stands, and all of it as one error. */
import { type ErrorPlace, VultuneError } from '../base/errors.ts';

/** Where a value was written: in a file, or as an override on the command line. */
export interface SourcePlace {
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
}

export type ProblemCode =
  | 'CONFIG_SYNTAX'
  | 'CONFIG_KEY_UNKNOWN'
  | 'CONFIG_KEY_MISSING'
  | 'CONFIG_VALUE_INVALID'
  | 'CONFIG_CONFLICT'
  | 'CONFIG_OVERRIDE_INVALID';

export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly place: SourcePlace;
  /** The key, dotted. */
  readonly key?: string;
  readonly hint?: string;
}

/**
 * One error of all problems. A single one keeps its own code and hint; several are listed, one a line, in the
 * order they stand in the file, under their common code or `CONFIG_INVALID`.
 */
export function problemsError(
  problems: readonly Problem[],
  listing = '`vultune config keys` lists every key with its default',
): VultuneError {
  const [first, ...rest] = [...problems].sort(byPlace);
  if (first === undefined) throw new Error('internal error: an error of no problems');
  if (rest.length === 0) {
    return new VultuneError(first.code, `${first.message}${atColumn(first.place)}`, {
      where: errorPlace(first),
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  }
  const all = [first, ...rest];
  const code = all.every((problem) => problem.code === first.code) ? first.code : 'CONFIG_INVALID';
  const lines = all.map(
    (problem) =>
      `  ${placeText(problem.place)}: ${problem.message}${problem.hint === undefined ? '' : ` (${problem.hint})`}`,
  );
  return new VultuneError(code, [`${all.length} problems in the configuration`, ...lines].join('\n'), {
    where: first.place.file === undefined ? {} : { file: first.place.file },
    hint: listing,
  });
}

function byPlace(a: Problem, b: Problem): number {
  const order = (place: SourcePlace) =>
    place.file === undefined ? Number.POSITIVE_INFINITY : (place.line ?? 0);
  const [left, right] = [order(a.place), order(b.place)];
  return left === right ? (a.place.column ?? 0) - (b.place.column ?? 0) : left < right ? -1 : 1;
}

const atColumn = ({ line, column }: SourcePlace) =>
  line === undefined || column === undefined ? '' : ` (line ${line}, column ${column})`;

/** `train.yaml:3:16`; `command line` for an override. */
function placeText({ file, line, column }: SourcePlace): string {
  if (file === undefined) return 'command line';
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

function errorPlace({ place, key }: Problem): ErrorPlace {
  return {
    ...(place.file === undefined ? {} : { file: place.file }),
    ...(place.line === undefined ? {} : { line: place.line }),
    name:
      place.file === undefined ? ['command line', key].filter(Boolean).join(', ') : (key ?? 'configuration'),
  };
}
