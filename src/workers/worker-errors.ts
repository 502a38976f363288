/** @file Errors on their way out of a worker thread: structured cloning drops the class and fields of ours. */
import { type ErrorPlace, VultuneError } from '../base/errors.ts';

export interface ClonedError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** Only of a `VultuneError`. */
  readonly ours?: {
    readonly code: string;
    readonly where: ErrorPlace | undefined;
    readonly hint: string | undefined;
    readonly exitCode: number;
  };
}

export function cloneError(error: unknown): ClonedError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (!(error instanceof VultuneError)) return { message, stack };
  const { code, where, hint, exitCode } = error;
  return { message, stack, ours: { code, where, hint, exitCode } };
}

export function reviveError({ message, stack, ours }: ClonedError): Error {
  const { code, where, hint, exitCode } = ours ?? {};
  const error =
    code === undefined
      ? new Error(message)
      : new VultuneError(code, message, {
          ...(where === undefined ? {} : { where }),
          ...(hint === undefined ? {} : { hint }),
          ...(exitCode === undefined ? {} : { exitCode }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}
