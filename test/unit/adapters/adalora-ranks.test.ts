import { describe, expect, test } from 'vitest';
import {
  addOrthogonalGradients,
  allocateRanks,
  initialRankState,
  rankBudget,
  requireBudgetPhase,
} from '../../../src/adapters/adalora-ranks.ts';
import type { AdapterParameters } from '../../../src/adapters/adapter-parameters.ts';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import type { HostTensor } from '../../../src/tensor/host-tensor.ts';
import { zerosLike } from '../../../src/training/adamw.ts';
import { relativeDifference } from '../../support/network-step.ts';
import { fixtureFolder } from '../../support/tiny-model.ts';

/** As tools/adalora_ranks.py has it. */
const STEPS = 12;
const SCHEDULE = {
  targetRank: 2,
  initialSteps: 2,
  finalSteps: 3,
  interval: 2,
  beta1: 0.85,
  beta2: 0.7,
  orthogonalWeight: 0.5,
  totalSteps: STEPS,
};
const INITIAL = 8;

const stored = await readAllSafetensors(fixtureFolder('adalora-ranks.safetensors'));
const copyOf = (tensor: HostTensor<'float32'>) => ({ ...tensor, data: tensor.data.slice() });
const part = (prefix: string): ReadonlyMap<string, HostTensor<'float32'>> =>
  new Map(
    [...stored].flatMap(([key, tensor]) =>
      key.startsWith(`${prefix}/`)
        ? [[key.slice(prefix.length + 1), copyOf(tensor as HostTensor<'float32'>)] as const]
        : [],
    ),
  );
const arrays = (tensors: AdapterParameters) => new Map([...tensors].map(([key, { data }]) => [key, data]));

test('the values that PEFT keeps at every step, and 0 for the others', () => {
  const parameters = part('start');
  const state = initialRankState(parameters)!;
  const keptCounts: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    for (const [key, { data }] of part(`${step}/parameter`)) parameters.get(key)!.data.set(data);
    allocateRanks(parameters, arrays(part(`${step}/gradient`)), state, step, SCHEDULE);
    for (const [key, { data }] of part(`${step}/values`)) {
      expect(parameters.get(key)!.data, `${key} at step ${step}`).toEqual(data);
    }
    keptCounts.push([...state.kept.values()].flatMap((kept) => [...kept]).filter((one) => one === 1).length);
  }
  expect(keptCounts.at(-1)).toBe(4);
  expect(Math.max(...keptCounts)).toBe(INITIAL);
});

test("the gradient of the penalty is PyTorch's", () => {
  const parameters = part('start');
  const gradients = zerosLike(parameters);
  addOrthogonalGradients(parameters, gradients, SCHEDULE.orthogonalWeight);
  const expected = part('penalty_gradient');
  expect(expected.size).toBe(4);
  for (const [key, { data }] of expected) {
    expect(relativeDifference(gradients.get(key)!, data), key).toBeLessThan(1e-5);
  }
});

test('sides that are orthogonal have no penalty', () => {
  const parameters = new Map([...part('start')].map(([key, tensor]) => [key, identityLike(tensor)]));
  const gradients = zerosLike(parameters);
  addOrthogonalGradients(parameters, gradients, 1);
  for (const gradient of gradients.values()) expect(Math.max(...gradient.map(Math.abs))).toBe(0);
});

function identityLike({ shape, ...tensor }: HostTensor<'float32'>): HostTensor<'float32'> {
  const width = shape[1]!;
  return { ...tensor, shape, data: tensor.data.map((_, i) => (Math.floor(i / width) === i % width ? 1 : 0)) };
}

describe('the budget', () => {
  const at = (step: number) => rankBudget(step, INITIAL, 4, SCHEDULE);

  test('is not touched at first, falls as a cubic, and ends at the target', () => {
    expect([0, 1, 2].map(at)).toEqual([undefined, undefined, undefined]);
    // 4 + 4 (1 - 2/7)^3, 4 + 4 (1 - 4/7)^3 ...
    expect([4, 6, 8].map(at)).toEqual([5, 4, 4]);
    expect([3, 5, 7].map(at)).toEqual([undefined, undefined, undefined]);
    expect([9, 10, 11].map(at)).toEqual([4, undefined, undefined]);
  });

  test('a training that is over before ranks can be taken away is refused', () => {
    expect(() => requireBudgetPhase({ ...SCHEDULE, totalSteps: 5 })).toThrow(
      expect.objectContaining({ code: 'CONFIG_RANK_SCHEDULE', where: { name: 'tinit' } }),
    );
    expect(() => requireBudgetPhase({ ...SCHEDULE, totalSteps: 6 })).not.toThrow();
  });
});

test('other adapters have no ranks to allocate', () => {
  expect(initialRankState(new Map())).toBeUndefined();
});
