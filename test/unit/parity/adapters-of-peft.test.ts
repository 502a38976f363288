import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { verifyFolder } from '../../../src/parity/verify-folder.ts';
import { fixtureFolder, tinyBackend } from '../../support/tiny-model.ts';

const NAMES = readdirSync(fixtureFolder('adapters'));

test('there is one of every kind', () => {
  expect(NAMES.length).toBeGreaterThan(7);
});

describe.each(NAMES)("%s: PEFT's adapter has its logits, gradients and training here", (name) => {
  test.each<[string, number]>([
    ['a block a graph', 1],
    ['one graph', Number.POSITIVE_INFINITY],
  ])('%s', async (_cut, blocksPerStage) => {
    const backend = await tinyBackend();
    const rows = await verifyFolder(fixtureFolder(`adapters/${name}`), {
      backend,
      blocksPerStage,
      tolerance: undefined,
    });
    expect(rows.map(({ quantity }) => quantity)).toEqual(
      expect.arrayContaining(['cls_logits', 'grad_ce_sum', 'train/losses', 'train/final']),
    );
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  });
});
