/** @file The id that git gives a file's content: what a tree says of a file is compared without git reading that file. */
import { createHash } from 'node:crypto';

/** @param like an id of the same repository: its length says which hash */
export function blobId(bytes: Uint8Array, like: string): string {
  const hash = createHash(like.length === 64 ? 'sha256' : 'sha1');
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/** As git stores a text that it checks out with other line ends (core.autocrlf, text=auto). */
export function withLineFeeds(bytes: Buffer): Buffer {
  if (!bytes.includes('\r\n')) return bytes;
  return Buffer.from(bytes.filter((byte, i) => byte !== CARRIAGE_RETURN || bytes[i + 1] !== LINE_FEED));
}
