/** @file What `npm run fuzz` calls: one reader of bytes from outside, and right inputs that it makes wrong ones of. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FuzzTarget {
  readonly name: string;
  /** Right inputs, small. */
  readonly seeds: () => Promise<readonly Uint8Array[]>;
  /**
   * Reads the bytes, in a folder of its own where it needs files. May resolve, or reject with a VultuneError; anything
   * else that is thrown, memory beyond the limit and time beyond the limit are findings.
   */
  readonly run: (bytes: Uint8Array, folder: string) => Promise<void>;
  /**
   * Vultune runs this reader in a thread that it ends at a limit, which has tests of its own: here the limit counts as a
   * refusal too.
   */
  readonly isBounded?: boolean;
}

/** The reader of one file: the bytes lie in `folder` under its name. */
export function fileTarget(
  name: string,
  file: string,
  seeds: FuzzTarget['seeds'],
  read: (path: string, folder: string) => void | Promise<void>,
): FuzzTarget {
  return {
    name,
    seeds,
    run: async (bytes, folder) => {
      const path = join(folder, file);
      writeFileSync(path, bytes);
      await read(path, folder);
    },
  };
}

/** Seeds that are texts. */
export const texts =
  (...all: readonly string[]) =>
  async (): Promise<readonly Uint8Array[]> =>
    all.map((text) => Buffer.from(text));

/** A text that a wrong input may be. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
