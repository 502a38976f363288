import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { readModel } from '../../../src/model/families/registry.ts';
import { BaseWeights } from '../../../src/weights/base-weights.ts';
import { logitsOf, sequenceOf } from '../../support/network-step.ts';

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
  const model = readModel(checkpoint.config, checkpoint.path);
  const tiny = await tinyNetwork({ model, weights });
  const { network } = tiny;
  const table = await checkpoint.read(model.embedding.tokens);
  for (const packing of ['isolated', 'none'] as const) {
    const sequence = sequenceOf(functions, { packing });
    // Nothing is frozen below the first block.
    expect(await network.frozen(sequence)).toEqual(rowsOf(table, sequence.ids));
    await logitsOf(tiny, sequence);
  }
  expect(whole).toContain('model.norm.weight');
  expect(whole).not.toContain(model.embedding.tokens);
  await network.release();
  await checkpoint.close();
});

test.each(['get', 'rows'] as const)(
  'a weight that is not finite is named when it is read: %s',
  async (how) => {
    const checkpoint = await openCheckpoint(join(fixtureFolder('llama'), 'base'));
    const spoiled = async (name: string) => {
      const tensor = await checkpoint.read(name);
      tensor.data[5] = Number.NaN;
      return tensor;
    };
    const weights = new BaseWeights({
      ...checkpoint,
      read: spoiled,
      readRows: async (name, rows) => rowsOf(await spoiled(name), Int32Array.from(rows)),
    });
    const name = 'model.embed_tokens.weight';
    await expect(how === 'get' ? weights.get(name) : weights.rows(name, [0, 1])).rejects.toMatchObject({
      code: 'CHECKPOINT_NOT_FINITE',
      where: { file: checkpoint.path, name },
    });
  },
);
