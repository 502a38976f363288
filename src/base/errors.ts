/**
 * @file The one error class of Vultune. A user's mistake is a `VultuneError`: a stable code, what was found and
 * what was expected, where, and a hint. Everything else that is thrown is a bug of ours and shows its stack.
 */

/** Where in the user's input the trouble is: a file with a line, a tensor name, a configuration key ... */
export interface ErrorPlace {
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** A tensor, parameter, field or configuration key. */
  readonly name?: string;
}

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  /** One sentence: what to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Exit code of the command line, 2 unless the error is something else than bad input. */
  readonly exitCode?: number;
}

export class VultuneError extends Error {
  override readonly name = 'VultuneError';
  /** Stable, upper snake case, the area first: `DATASET_FIELD_MISSING`. */
  readonly code: string;
  readonly where: ErrorPlace | undefined;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? 2;
  }
}

/** Formats a place as `file:line, name`; the empty string when nothing is known. */
export function formatPlace(where: ErrorPlace | undefined): string {
  if (where === undefined) return '';
  const file =
    where.file === undefined ? '' : where.line === undefined ? where.file : `${where.file}:${where.line}`;
  return [file, where.name ?? ''].filter((part) => part !== '').join(', ');
}

/** Throws when an invariant of our own code does not hold: never for the user's input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}
