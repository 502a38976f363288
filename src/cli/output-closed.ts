/** @file The end of a command that has nothing left to do: whoever reads what it writes has gone. */
import { fileError } from '../base/files.ts';
import type { Terminal } from './display/terminal.ts';

/** Not an error to anybody: nobody is there to be told. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** For commands that only write: without a reader the rest would be computed for nobody. */
export function stopWithoutReader(terminal: Terminal): void {
  const error = terminal.failure();
  if (error?.code === 'EPIPE') throw new OutputClosed('the reader of the output is gone');
  if (error !== undefined) throw fileError(error, 'the standard output', 'write');
}
