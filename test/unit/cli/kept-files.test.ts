/** @file What is kept on disk is believed only as it was written: every byte of every file is changed in turn. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { believedWrongly, KEPT_FILES } from '../../support/kept-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-kept-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(KEPT_FILES)('$name: a byte that changed is refused or computed again', async ({ write, read }) => {
  const path = await write(folder);
  const parts = await read(folder);
  expect(parts.length).toBeGreaterThan(0);
  expect(parts).not.toContain(undefined);
  const bytes = readFileSync(path);
  const wrong: unknown[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const flip = 1 << (at % 8);
    writeFileSync(path, bytes.with(at, bytes[at]! ^ flip));
    const found = await read(folder).catch((error: unknown) => {
      if (error instanceof VultuneError) return [];
      throw error;
    });
    if (believedWrongly(found, parts, isDeepStrictEqual).length > 0) wrong.push({ at, flip });
  }
  expect(wrong).toEqual([]);
});
