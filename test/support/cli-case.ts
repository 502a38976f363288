/** @file `cliCase`: one command line against injected commands; what was written and the exit code. */

import type { Env } from '../../src/cli/display/terminal.ts';
import type { CliCommand } from '../../src/cli/program.ts';
import { runCli } from '../../src/cli/program.ts';
import { fakeTerminal } from './fake-terminal.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliCaseOptions {
  readonly env?: Env;
  readonly columns?: number;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

/** Runs `argv` with these commands; `columns` other than 80 makes a terminal of that width. */
export async function cliCase(
  commands: readonly CliCommand[],
  argv: readonly string[],
  options: CliCaseOptions = {},
): Promise<CliResult> {
  const terminal = {
    env: { NO_COLOR: '1', ...options.env },
    ...(options.columns === undefined ? {} : { isTTY: true, columns: options.columns }),
  };
  const stdout = fakeTerminal(terminal);
  const stderr = fakeTerminal(terminal);
  const exitCode = await runCli(
    argv,
    { version: '9.9.9', commands },
    {
      stdout,
      stderr,
      stdin: textChunks(options.stdin ?? ''),
      env: options.env ?? {},
      signal: options.signal ?? new AbortController().signal,
    },
  );
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

async function* textChunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'utf8');
}
