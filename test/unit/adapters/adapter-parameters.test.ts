import { describe, expect, test } from 'vitest';
import { initialParameters, loraKey, parameterSpecs } from '../../../src/adapters/adapter-parameters.ts';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import { classifierJudgement } from '../../../src/tasks/classify.ts';
import { loraDefaults, makeModel, tinyConfig } from '../../support/tiny-model.ts';

const { model } = makeModel(
  tinyConfig({ hidden_size: 64, intermediate_size: 96, num_attention_heads: 8, num_hidden_layers: 2 }),
);
const { head } = classifierJudgement(model, 'last');
const HEAD = 'base_model.model.score.weight';
const adapted = planLora(model, { ...loraDefaults, rank: 8 });
const initial = (seed = 7) => initialParameters(adapted, head, seed);
const values = (key: string, seed?: number) => initial(seed).get(key)!.data;

test('shapes are those of the matrices', () => {
  const specs = new Map(parameterSpecs(adapted, head).map(({ key, shape }) => [key, shape]));
  expect(specs.size).toBe(2 * 7 * 2 + 1);
  expect(specs.get(loraKey('model.layers.0.self_attn.k_proj', 'A'))).toEqual([8, 64]);
  expect(specs.get(loraKey('model.layers.0.self_attn.k_proj', 'B'))).toEqual([16, 8]);
  expect(specs.get(loraKey('model.layers.1.mlp.down_proj', 'A'))).toEqual([8, 96]);
  expect(specs.get(loraKey('model.layers.1.mlp.down_proj', 'B'))).toEqual([64, 8]);
  expect(specs.get(HEAD)).toEqual([2, 64]);
  for (const [key, { shape, data }] of initial()) {
    expect(specs.get(key)).toEqual(shape);
    expect(data).toHaveLength(shape[0]! * shape[1]!);
  }
});

const moments = (data: Float32Array) => {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length);
  return { mean, deviation };
};

describe('first values, as PEFT draws them', () => {
  test.each([
    ['model.layers.0.self_attn.q_proj', 64],
    ['model.layers.1.mlp.down_proj', 96],
  ])('A of %s is uniform in ±1/sqrt(%d)', (module, inputSize) => {
    const data = values(loraKey(module, 'A'));
    const bound = 1 / Math.sqrt(inputSize);
    const { mean, deviation } = moments(data);
    const uniform = bound / Math.sqrt(3);
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...data)).toBeGreaterThan(0.95 * bound);
    expect(Math.min(...data)).toBeLessThan(-0.95 * bound);
    expect(Math.abs(mean)).toBeLessThan((4 * uniform) / Math.sqrt(data.length));
    expect(Math.abs(deviation / uniform - 1)).toBeLessThan(0.1);
    const quarters = [0, 0, 0, 0];
    for (const x of data) quarters[Math.min(3, Math.floor(((x + bound) / (2 * bound)) * 4))]!++;
    for (const count of quarters) expect(Math.abs(count / data.length - 0.25)).toBeLessThan(0.08);
  });

  test('B is 0: training starts from the base model', () => {
    for (const [key, { data }] of initial()) {
      if (key.endsWith('lora_B.weight')) expect(data.every((x) => x === 0)).toBe(true);
    }
  });

  test('the head is normal with standard deviation 0.02', () => {
    const data = values(HEAD);
    const { mean, deviation } = moments(data);
    expect(Math.abs(mean)).toBeLessThan(4 * (0.02 / Math.sqrt(data.length)));
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.25);
    const within = data.filter((x) => Math.abs(x) < 0.02).length / data.length;
    expect(Math.abs(within - 0.683)).toBeLessThan(0.15);
  });
});

describe('the seed', () => {
  test('the same gives the same bits, another gives others everywhere but in B', () => {
    expect(initial(7)).toEqual(initial(7));
    for (const [key, { data }] of initial(8)) {
      if (!key.endsWith('lora_B.weight')) expect(data, key).not.toEqual(values(key, 7));
    }
  });

  test('each tensor has numbers of its own', () => {
    const firsts = [...initial()].flatMap(([key, { data }]) => (key.includes('lora_B') ? [] : [data[0]]));
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  test("a module's values do not depend on which others are adapted", () => {
    const few = planLora(model, { ...loraDefaults, rank: 8, targetModules: ['up_proj'], layers: [1] });
    const key = loraKey('model.layers.1.mlp.up_proj', 'A');
    expect(initialParameters(few, head, 7).get(key)).toEqual(initial(7).get(key));
  });
});
