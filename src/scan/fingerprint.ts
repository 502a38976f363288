/** @file Names for texts that stay the same from scan to scan, however a text was found. */
import { createHash } from 'node:crypto';

/** 132 bits of SHA-256 in 22 characters: no two texts of any tree share one. */
export function textKey(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  // The length before each part: ('ab', 'c') is not ('a', 'bc').
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url').slice(0, 22);
}

/**
 * The fingerprint of a function within its file. Lines, white space, comments and the file's name do not enter; `ordinal` tells
 * apart functions of one file that are otherwise equal.
 */
export function functionFingerprint(qualifiedName: string, bodyHash: string, ordinal: number): string {
  return textKey('function/v1', qualifiedName, bodyHash, String(ordinal));
}
