/**
 * @file A line of a cache: its key, what is kept under it, and a checksum of both. A line that was damaged, cut short or edited
 * does not fit its checksum, and what it says is computed again instead of believed.
 */
import { textKey } from '../fingerprint.ts';

/** Goes up when lines are written another way: those of before are then computed again. */
const FORMAT = 'line/v1';
/** 72 bits: damage does not meet it by chance. */
const CHECKSUM_LENGTH = 12;

export interface UnsealedLine {
  readonly key: string;
  readonly value: string;
}

/** Without the line's end. `key` holds no space, `value` no line break. */
export function sealLine(key: string, value: string): string {
  return `${key} ${value} ${checksum(key, value)}`;
}

/** Undefined for a line that does not fit its checksum. */
export function unsealLine(line: string): UnsealedLine | undefined {
  const [first, last] = [line.indexOf(' '), line.lastIndexOf(' ')];
  if (first < 1 || last <= first) return undefined;
  const [key, value] = [line.slice(0, first), line.slice(first + 1, last)];
  return line.slice(last + 1) === checksum(key, value) ? { key, value } : undefined;
}

const checksum = (key: string, value: string) => textKey(FORMAT, key, value).slice(0, CHECKSUM_LENGTH);
