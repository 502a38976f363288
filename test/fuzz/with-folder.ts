/** @file A folder for making seeds in, gone afterwards. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function withFolder<T>(
  make: (folder: string, read: (name: string) => Uint8Array) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-fuzz-'));
  try {
    return await make(folder, (name) => readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
