/** @file What `npm run fuzz` calls: one reader of bytes from outside, and right inputs that it makes wrong ones of. */
export interface FuzzTarget {
  readonly name: string;
  /** Right inputs, small. */
  readonly seeds: () => Promise<readonly Uint8Array[]>;
  /**
   * Reads the bytes, in a folder of its own where it needs files. May resolve, or reject with a VultuneError; anything
   * else that is thrown, memory beyond the limit and time beyond the limit are findings.
   */
  readonly run: (bytes: Uint8Array, folder: string) => Promise<void>;
}
