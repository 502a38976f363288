/** @file What matrices read, measured through the network itself; networks whose matrices have factors. */
import { afterAll, describe, expect, test } from 'vitest';
import { inputLeads, layerMatrices } from '../../../src/model/matrices.ts';
import { matrixInputs } from '../../../src/network/matrix-inputs.ts';
import { measureFactors } from '../../../src/network/measure-factors.ts';
import { type FactorVectors, featureFactors } from '../../../src/weights/feature-factors.ts';
import { smoothedInt8 } from '../../../src/weights/smoothed-int8.ts';
import type { WeightFormat } from '../../../src/weights/weight-format.ts';
import { int8Here } from '../../support/integer-kernels.ts';
import { alone, relativeDifference, stepGroups } from '../../support/network-step.ts';
import { openFixture, type TinyNetwork, tinyBackend } from '../../support/tiny-model.ts';
import { runToy, toyModel, toyNetwork } from '../../support/toy-training.ts';

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

const functions = [3, 9, 17, 30].map((length, i) => {
  const ids = Array.from({ length }, (_, position) => (position * (i + 3) + i) % 40);
  return { ids, target: i % 2 === 0 ? 1 : 0, weight: 1 } as const;
});
const ids = functions.map((one) => one.ids);

// One for each way that a block has of reading its input.
describe.each(['llama', 'gpt2', 'bert', 'phi', 'stablelm-parallel', 'chatglm'])('%s', (name) => {
  test('each matrix is measured once, on as many rows as there are tokens', async () => {
    const { model, checkpoint } = await openFixture(name);
    const tokens = ids.reduce((sum, { length }) => sum + length, 0);
    let layer = 0;
    for await (const inputs of matrixInputs({ spec: model, checkpoint }, ids, await tinyBackend())) {
      const { prefix, block } = model.layers[layer]!;
      const leads = [...new Set(inputLeads(block).values())];
      expect([...inputs.keys()].toSorted()).toEqual(
        leads.map((lead) => `${prefix}${lead}.weight`).toSorted(),
      );
      for (const { matrix, name: full } of layerMatrices(model, [layer])) {
        const x = inputs.get(`${full}.weight`);
        if (x === undefined) continue;
        expect(x.shape).toEqual([tokens, matrix.inputSize]);
        expect(x.data.every(Number.isFinite) && x.data.some((value) => value !== 0)).toBe(true);
      }
      layer++;
    }
    expect(layer).toBe(model.layers.length);
  });
});

const factorsOf = (vector: (size: number, lead: string) => Float32Array): WeightFormat => {
  const { model } = toyModel;
  const vectors: FactorVectors = new Map(
    model.layers.flatMap(({ prefix, block }) => {
      const leads = inputLeads(block);
      return layerMatrices(model).flatMap(({ matrix, name }) =>
        name.startsWith(prefix)
          ? [[`${name}.weight`, vector(matrix.inputSize, prefix + leads.get(matrix.name)!)] as const]
          : [],
      );
    }),
  );
  return smoothedInt8(featureFactors(vectors), int8Here.codes);
};

/** The same for all matrices of a group. */
const uneven = (size: number, lead: string) =>
  Float32Array.from({ length: size }, (_, k) => 2 ** ((k * 7 + lead.length) % 4));

const logitsIn = async (format: WeightFormat) => {
  const toy = await toyNetwork('all', { format });
  made.push(toy);
  toy.fresh(1);
  const step = await stepGroups(toy, functions, alone(functions));
  return step;
};

test('factors of 1 change no number of a network', async () => {
  const ones = await logitsIn(factorsOf((size) => new Float32Array(size).fill(1)));
  expect(ones).toEqual(await logitsIn(int8Here));
});

test('other factors are taken out again: logits stay near', async () => {
  const [plain, found] = [await logitsIn(int8Here), await logitsIn(factorsOf(uneven))];
  expect(found.logits).not.toEqual(plain.logits);
  expect(relativeDifference(found.logits, plain.logits)).toBeLessThan(0.1);
});

test('a resumed training ends bit for bit where an uninterrupted one does', async () => {
  const toy = await toyNetwork('all', { format: factorsOf(uneven) });
  made.push(toy);
  const options = { epochs: 3, dropout: 0.1 };
  const saved: Awaited<ReturnType<typeof runToy>>['state'][] = [];
  const onSave = (state: (typeof saved)[number]) => {
    saved.push(structuredClone(state));
  };
  const whole = await runToy({ toy, state: toy.fresh(1), options, onSave });
  const middle = saved[Math.floor(saved.length / 2)]!;
  expect(middle.step).toBeLessThan(whole.state.step);
  const resumed = await runToy({ toy, state: toy.resume(middle), options });
  expect(resumed.parameters).toEqual(whole.parameters);
});

test('matrices that the file has in 8 bits already get no factors', async () => {
  const { model, checkpoint } = await openFixture('llama');
  // Features of the first norm that are far larger than the others.
  const loud = {
    ...checkpoint,
    read: async (name: string) => {
      const tensor = await checkpoint.read(name);
      if (!/norm/.test(name)) return tensor;
      return { ...tensor, data: tensor.data.map((value, k) => (k === 3 ? 60 * value : value)) };
    },
  };
  const backend = await tinyBackend();
  const measured = await measureFactors({ spec: model, checkpoint: loud }, ids, backend);
  expect([...measured.vectors.keys()]).toContain('model.layers.0.self_attn.q_proj.weight');
  const stored = new Map(
    [...checkpoint.tensors].map(([name, info]) => [name, { ...info, storedDtype: 'bitsandbytes 8 bit' }]),
  );
  const none = await measureFactors({ spec: model, checkpoint: { ...loud, tensors: stored } }, ids, backend);
  expect(none.vectors.size).toBe(0);
});
