import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pooledStates } from '../../../src/heads/classifier.ts';
import { scoreFunctions } from '../../../src/network/score-functions.ts';
import { classification } from '../../../src/objectives/classification.ts';
import { withPairRanking } from '../../../src/objectives/pair-ranking.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { planEpoch } from '../../../src/packing/plan.ts';
import { plannableFunctions } from '../../../src/training/plannable-functions.ts';
import type { LossReduction, TrainerOptions } from '../../../src/training/trainer.ts';
import { relativeDifference } from '../../support/network-step.ts';
import {
  ofType,
  runToy,
  type ToyFunction,
  type ToyNetwork,
  toyFunctions,
  toyNetwork,
  toyOptions,
} from '../../support/toy-training.ts';

let toy: ToyNetwork;
beforeAll(async () => {
  toy = await toyNetwork();
});
afterAll(() => toy.network.release());

/** Even ones are vulnerable. The first 12 of 15 are in pairs, each with a function far from it in the data. */
const functions = toyFunctions(15).map((one, i): ToyFunction => {
  const weight = [1, 3, 0.5][i % 3]!;
  if (i >= 12) return { ...one, weight };
  const isVulnerable = i % 2 === 0;
  return { ...one, weight, pair: { number: isVulnerable ? i / 2 : ((i + 5) % 12) >> 1, isVulnerable } };
});
const packing = { ...toyOptions.packing, tokensPerBatch: 20, functionsPerStep: 5 };
const WEIGHT = 2;
const objective = withPairRanking(classification({ kind: 'cross_entropy' }), WEIGHT);
const KEY = 'base_model.model.score.weight';

type Factor = (rows: number, sequences: number, inStep: number) => number;
const several = { ...packing, functionsPerStep: 9 };
test.each<[LossReduction, Factor]>([
  ['sum', () => 1],
  ['mean', (rows, sequences) => 1 / (rows * sequences)],
  ['function', (_rows, _sequences, inStep) => 1 / inStep],
])(
  '%s: the gradient of a step by hand, each pair reduced as the functions of its sequence',
  async (reduction, factor) => {
    const options = {
      ...toyOptions,
      packing: several,
      learningRate: 0,
      maxGradientNorm: undefined,
      lossReduction: reduction,
      maxSteps: 1,
    };
    const { events, state } = await runToy({
      toy,
      state: toy.fresh(1),
      functions,
      objective,
      options,
      decisive: () => 0,
    });
    const plan = planEpoch(plannableFunctions(functions, {}), several, { seed: options.seed, epoch: 0 });
    const { sequences, functionCount } = plan[0]!;
    expect(sequences.length).toBeGreaterThan(1);
    const weight = state.parameters.get(KEY)!.data; // [2, D]
    const D = weight.length / 2;
    const expected = new Float64Array(2 * D);
    let [loss, pairs] = [0, 0];
    for (const { functions: rows } of sequences) {
      const sequence = packSequence(
        rows.map((row) => functions[row]!.ids),
        { packing: 'isolated' },
      );
      const { data: read } = await toy.network.logits(sequence, pooledStates('last')); // [B, D]
      const margins = rows.map((_, i) => {
        const h = read.subarray(i * D, (i + 1) * D);
        return h.reduce((sum, x, d) => sum + x * (weight[D + d]! - weight[d]!), 0);
      });
      /** What the loss grows by with each function's margin. */
      const slopes = rows.map((row, i) => {
        const { target, weight: own } = functions[row]!;
        const vulnerable = 1 / (1 + Math.exp(-margins[i]!));
        loss -= own * Math.log(target === 1 ? vulnerable : 1 - vulnerable);
        return own * (vulnerable - target);
      });
      for (const [v, row] of rows.entries()) {
        const { pair } = functions[row]!;
        if (pair?.isVulnerable !== true) continue;
        const f = rows.findIndex(
          (other) =>
            functions[other]!.pair?.number === pair.number && functions[other]!.pair?.isVulnerable === false,
        );
        const wrong = 1 / (1 + Math.exp(margins[v]! - margins[f]!));
        loss -= WEIGHT * Math.log(1 - wrong);
        slopes[v]! -= WEIGHT * wrong;
        slopes[f]! += WEIGHT * wrong;
        pairs++;
      }
      for (const [i, slope] of slopes.entries()) {
        for (let d = 0; d < D; d++) {
          const along = slope * factor(rows.length, sequences.length, functionCount) * read[i * D + d]!;
          expected[d]! -= along;
          expected[D + d]! += along;
        }
      }
    }
    expect(pairs).toBeGreaterThan(0);
    // After one step the first moment is (1 - beta1) times the gradient.
    const found = state.optimizer.firstMoment.get(KEY)!.map((value) => value / (1 - options.adamw.beta1));
    expect(relativeDifference(found, expected)).toBeLessThan(1e-4);
    expect(ofType(events, 'step')[0]!.lossNats).toBeCloseTo(loss / functionCount, 5);
  },
);

describe('what is planned', () => {
  const unpaired = functions.map(({ pair: _pair, ...one }) => one);

  test('without pairs it is as it was, and every function is learnt from with them', () => {
    const order = { seed: 3, epoch: 0 };
    const steps = planEpoch(plannableFunctions(functions, {}), packing, order);
    const plain = planEpoch(plannableFunctions(unpaired, {}), packing, order);
    expect(plain.map(({ functionCount }) => functionCount)).toEqual([5, 5, 5]);
    expect(steps.reduce((sum, { functionCount }) => sum + functionCount, 0)).toBe(15);
    expect(steps).not.toEqual(plain);
  });

  test('a curriculum keeps pairs whole', () => {
    const plan = planEpoch(plannableFunctions(functions, { curriculum: 'length' }), packing, {
      seed: 3,
      epoch: 0,
    });
    for (const { functions: rows } of plan.flatMap(({ sequences }) => sequences)) {
      const members = rows.flatMap((row) => functions[row]!.pair?.number ?? []);
      for (const number of members) expect(members.filter((one) => one === number)).toHaveLength(2);
    }
  });
});

test('where nothing but the order of pairs is learnt, every vulnerable function gets above its fix', async () => {
  const ordered = functions.map((one) => ({ ...one, weight: 0 }));
  const margins = async () => {
    const ids = functions.map((one) => one.ids);
    const { data } = await scoreFunctions(toy.network, toy.judgement.head, ids, { tokensPerBatch: 20 });
    return functions.map((_, i) => data[2 * i + 1]! - data[2 * i]!);
  };
  const right = (all: readonly number[]) =>
    [0, 1, 2, 3, 4, 5].filter((number) => {
      const at = (isVulnerable: boolean) =>
        functions.findIndex(({ pair }) => pair?.number === number && pair.isVulnerable === isVulnerable);
      return all[at(true)]! > all[at(false)]!;
    }).length;
  const options: Partial<TrainerOptions> = {
    packing,
    epochs: 12,
    learningRate: 0.04,
    evaluateEvery: undefined,
  };
  const state = toy.fresh(1);
  const before = right(await margins());
  await runToy({ toy, state, functions: ordered, objective, options });
  expect(before).toBeLessThan(6);
  expect(right(await margins())).toBe(6);
});

test('what functions of a pair begin alike with is computed once or not: the same steps and losses', async () => {
  const alike = functions.map((one) => ({
    ...one,
    ids: [...Array.from({ length: 12 }, (_, at) => ((one.pair?.number ?? 7) + at * at) % 8), ...one.ids],
  }));
  const losses = async (sharePrefixes: boolean) => {
    const options = { packing: { ...packing, tokensPerBatch: 80 }, sharePrefixes };
    const { events } = await runToy({
      toy,
      state: toy.fresh(1),
      functions: alike,
      objective,
      options,
      decisive: () => 0,
    });
    return ofType(events, 'step').map(({ lossNats, functions: count }) => ({ lossNats, count }));
  };
  const [shared, apart] = [await losses(true), await losses(false)];
  expect(shared.map(({ count }) => count)).toEqual(apart.map(({ count }) => count));
  for (const [i, { lossNats }] of shared.entries()) expect(lossNats).toBeCloseTo(apart[i]!.lossNats, 5);
});
