/** @file What `npm run fuzz` makes wrong inputs of: a seed that is not read would try the first check of a reader alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FUZZ_TARGETS } from '../../fuzz/targets.ts';

test('every target has a name of its own', () => {
  const names = FUZZ_TARGETS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test.each(FUZZ_TARGETS)('$name: its seeds are read', async ({ seeds, run }) => {
  for (const seed of await seeds()) {
    const folder = mkdtempSync(join(tmpdir(), 'vultune-fuzz-seed-'));
    try {
      await run(seed, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});
