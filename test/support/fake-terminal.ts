/** @file A terminal for tests: remembers what was written, as wide and as live as the test says. */
import { Writable } from 'node:stream';
import {
  createTerminal,
  type Env,
  type OutputStream,
  type Terminal,
} from '../../src/cli/display/terminal.ts';

export interface FakeTerminal extends Terminal {
  /** All that was written, escape codes included. */
  text(): string;
}

export function fakeTerminal(
  options: { readonly isTTY?: boolean; readonly columns?: number; readonly env?: Env } = {},
): FakeTerminal {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  Object.assign(stream, {
    isTTY: options.isTTY ?? false,
    ...(options.columns === undefined ? {} : { columns: options.columns }),
  });
  return { ...createTerminal(stream as OutputStream, options.env ?? {}), text: () => chunks.join('') };
}

const ESC = '\x1b';
const CODES = new RegExp(`(${ESC}\\[[\\d;?]*[a-zA-Z]|${ESC}[78]|\n|\r)`);

/** What a person sees of a live line at the end: the last text of every line, after returns and clears. */
export function finalScreen(written: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  let saved = { row, column };
  for (const part of written.split(CODES)) {
    const current = lines[row]!;
    if (part === '\n') {
      row++;
      lines[row] ??= '';
      column = 0;
    } else if (part === `${ESC}7`) saved = { row, column };
    else if (part === `${ESC}8`) ({ row, column } = saved);
    else if (part === '\r' || part === '\x1b[1G') column = 0;
    else if (part === '\x1b[2K') lines[row] = '';
    else if (part === '\x1b[0K' || part === '\x1b[K') lines[row] = current.slice(0, column);
    else if (!part.startsWith('\x1b')) {
      lines[row] = current.slice(0, column) + part + current.slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}
