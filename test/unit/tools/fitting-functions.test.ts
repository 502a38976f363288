/** @file tools/fitting-functions.mjs: a folder without its longest function is a reference folder of the others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readReferenceFolder } from '../../../src/parity/reference-folder.ts';
import { fixtureFolder } from '../../support/tiny-model.ts';

const work = mkdtempSync(join(tmpdir(), 'vultune-fitting-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface FittingFunctions {
  readonly copyFittingFunctions: (folder: string, target: string, limit: number) => void;
}

test('functions up to the limit, with what belongs to them', async () => {
  const program = pathToFileURL(resolve(import.meta.dirname, '../../../tools/fitting-functions.mjs'));
  const { copyFittingFunctions } = (await import(program.href)) as FittingFunctions;
  const whole = await readReferenceFolder(fixtureFolder('llama-longrope'));
  copyFittingFunctions(whole.dir, join(work, 'fitting'), 12);
  const fitting = await readReferenceFolder(join(work, 'fitting'));
  const isKept = whole.functions.map(({ length }) => length <= 12);
  const kept = <T>(rows: readonly T[]) => rows.filter((_, i) => isKept[i]);
  expect(isKept).toContain(false);
  expect(fitting.functions).toEqual(kept(whole.functions));
  expect(fitting.labels).toEqual(kept(whole.labels));
  const logits = Array.from(whole.optional('cls_logits')!);
  expect(Array.from(fitting.optional('cls_logits')!)).toEqual(
    isKept.flatMap((keep, i) => (keep ? logits.slice(2 * i, 2 * i + 2) : [])),
  );
  expect(fitting.optional('loss_ce_sum')).toBeUndefined();
});
