/** @file Bytes of a source file of unknown encoding as text, whatever its language. */
import type { Tally } from '../base/tally.ts';

/**
 * UTF-8 without its byte order mark, else Latin-1 (counted); undefined for bytes that are not text (counted).
 * Line ends stay as they are.
 */
export function decodeText(bytes: Uint8Array, tally: Tally): string | undefined {
  if (bytes.includes(0)) {
    tally.add('binary file');
    return undefined;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    tally.add('not UTF-8, read as Latin-1 (kept)');
    return Buffer.from(bytes).toString('latin1');
  }
}
