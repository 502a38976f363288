/** @file A small text file out of somebody's repository: never waits for a pipe's writer, never reads without end. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const MOST_BYTES = 2 ** 20;

/** Undefined when there is none, it may not be read, is not a regular file, or is larger than anybody writes by hand. */
export function readSmallFile(path: string, mostBytes = MOST_BYTES): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile() || size > mostBytes) return undefined;
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const read = readSync(file, bytes, length, size - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString('utf8', 0, length);
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
