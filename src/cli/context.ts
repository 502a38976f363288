/** @file What a command is given besides its options: the terminals, the environment, the signal of Ctrl-C. */
import type { Env, Terminal } from './display/terminal.ts';

export interface CliContext {
  /** Results: what a script reads. */
  readonly stdout: Terminal;
  /** Everything for a person's eyes: progress, notes, errors. */
  readonly stderr: Terminal;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Env;
  /** Aborted by the first Ctrl-C: finish the step, leave everything in order, return. */
  readonly signal: AbortSignal;
  /** Ends with this code although nothing was thrown: `verify` with a FAIL. */
  readonly setExitCode: (code: number) => void;
}
