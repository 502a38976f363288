/**
 * @file What Vultune keeps on disk for itself: checkpoints, caches, scores. Read as it was written, refused, or computed again;
 * a file that was changed and is believed all the same is a finding.
 */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { believedWrongly, KEPT_FILES, type KeptFile } from '../support/kept-files.ts';
import type { FuzzTarget } from './fuzz-target.ts';

interface Written {
  readonly folder: string;
  /** Below it. */
  readonly file: string;
  readonly parts: readonly unknown[];
}

/** Written once a thread. */
const right = new Map<string, Promise<Written>>();

async function write({ write: writeTo, read }: KeptFile): Promise<Written> {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-fuzz-kept-'));
  const path = await writeTo(folder);
  return { folder, file: relative(folder, path), parts: await read(folder) };
}

function written(kept: KeptFile): Promise<Written> {
  const known = right.get(kept.name) ?? write(kept);
  right.set(kept.name, known);
  return known;
}

const keptTarget = (kept: KeptFile): FuzzTarget => ({
  name: `kept ${kept.name}`,
  seeds: async () => {
    const { folder, file } = await written(kept);
    return [readFileSync(join(folder, file))];
  },
  run: async (bytes, folder) => {
    const { folder: from, file, parts } = await written(kept);
    cpSync(from, folder, { recursive: true });
    writeFileSync(join(folder, file), bytes);
    const wrong = believedWrongly(await kept.read(folder), parts, isDeepStrictEqual);
    if (wrong.length > 0) throw new Error(`believed, though it was changed: ${JSON.stringify(wrong[0])}`);
  },
});

export const KEPT_TARGETS: readonly FuzzTarget[] = KEPT_FILES.map(keptTarget);
