import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/checkpoint.ts';
import { readGeometry } from '../../../src/model/families/registry.ts';
import { BaseWeights } from '../../../src/network/base-weights.ts';
import { sequenceOf } from '../../support/network-step.ts';
import { rowsOf } from '../../support/rows-of.ts';
import { fixtureFolder, tinyNetwork } from '../../support/tiny-model.ts';

const functions = [[3, 1, 4, 1, 9, 2, 3], [5, 0, 8], [3, 1, 2]]; // biome-ignore format: one line

test('a network reads the rows of its tokens, never the embedding whole', async () => {
  const checkpoint = await openCheckpoint(join(fixtureFolder('llama'), 'base'));
  const whole: string[] = [];
  const weights = new BaseWeights({
    ...checkpoint,
    read: (name) => {
      whole.push(name);
      return checkpoint.read(name);
    },
  });
  const geometry = readGeometry(checkpoint.config, checkpoint.path);
  const { network } = await tinyNetwork({ geometry, weights });
  const table = await checkpoint.read(geometry.names.embedding);
  for (const packing of ['isolated', 'none'] as const) {
    const sequence = sequenceOf(functions, { packing });
    // Nothing is frozen below the first block.
    expect(await network.frozenHidden(sequence)).toEqual(rowsOf(table, sequence.ids));
    await network.logits(sequence);
  }
  expect(whole).toContain(geometry.names.finalNorm);
  expect(whole).not.toContain(geometry.names.embedding);
  await network.release();
  await checkpoint.close();
});
