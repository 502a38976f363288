/** @file An error as the user sees it, and the exit code it means. */
import { CommanderError } from 'commander';
import { formatPlace, VultuneError } from '../base/errors.ts';
import { fileProblem } from '../base/file-problems.ts';
import type { CliContext } from './context.ts';
import { harmless } from './display/harmless-text.ts';
import { OutputClosed } from './output-closed.ts';

/** As shells have it: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;
/** 128 + SIGTERM. */
export const EXIT_TERMINATED = 143;
/** 128 + SIGHUP. */
export const EXIT_HUNG_UP = 129;
/** 128 + SIGPIPE: whoever read the output has gone. */
export const EXIT_PIPE_CLOSED = 141;
/** EX_SOFTWARE of sysexits: our own bug. */
const EXIT_BUG = 70;

/** Writes the error to stderr. A user's mistake shows no stack, a bug of ours always does. */
export function reportError(
  thrown: unknown,
  { stderr, signal }: Pick<CliContext, 'stderr' | 'signal'>,
): number {
  const error = systemError(thrown);
  // Help and version: commander has written them already.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof OutputClosed) return EXIT_PIPE_CLOSED;
  if (signal.aborted && isAbort(error)) {
    stderr.write('interrupted\n');
    return EXIT_INTERRUPTED;
  }
  const { colors } = stderr;
  if (error instanceof VultuneError) {
    // Messages name what stands in files.
    const shown = (text: string) => text.split('\n').map(harmless).join('\n');
    stderr.write(`${colors.bad(`error ${error.code}:`)} ${shown(error.message)}\n`);
    const place = formatPlace(error.where);
    if (place !== '') stderr.write(`  ${colors.muted('at:')} ${shown(place)}\n`);
    if (error.hint !== undefined) stderr.write(`  ${colors.muted('hint:')} ${shown(error.hint)}\n`);
    return error.exitCode;
  }
  stderr.write(`${colors.bad('internal error:')} ${stackText(error)}\n`);
  stderr.write(
    '  This is a bug in vultune, not a fault of your input. Please report it with the lines above.\n',
  );
  return EXIT_BUG;
}

/** What the system refuses is not a bug of ours, wherever it was met. */
function systemError(error: unknown): unknown {
  const problem = fileProblem(error);
  if (problem === undefined || !(error instanceof Error)) return error;
  const { path, syscall } = error as NodeJS.ErrnoException;
  return new VultuneError(problem.code, `${syscall ?? 'a file operation'} failed: ${problem.found}`, {
    ...(path === undefined ? {} : { where: { file: path } }),
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    cause: error,
  });
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError';

function stackText(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${JSON.stringify(error)}`;
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackText(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
