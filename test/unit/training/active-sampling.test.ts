import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scoreFunctions } from '../../../src/network/score-functions.ts';
import { candidates, exchange, hardest, placesUntilNext } from '../../../src/training/active-sampling.ts';
import type { TrainerState } from '../../../src/training/trainer-state.ts';
import {
  ofType,
  runToy,
  type ToyNetwork,
  toyFunctions,
  toyNetwork,
  toyOptions,
} from '../../support/toy-training.ts';

const AT = { seed: 1, step: 10 };
const ascending = (items: Iterable<number>) => [...items].sort((a, b) => a - b);

describe('a choice', () => {
  test('is of the candidates of the highest scores, the same for the same seed and step', () => {
    const of = [3, 1, 4, 9, 2, 6];
    const scores = Float64Array.of(0.1, 0.9, 0.5, 0.9, 0.2, 0.5);
    const chosen = hardest(of, scores, 3, AT);
    // 4 and 6 are equal: the first in the data.
    expect(ascending(chosen)).toEqual([1, 4, 9]);
    expect(hardest(of, scores, 3, AT)).toEqual(chosen);
    const orders = Array.from({ length: 8 }, (_, step) => hardest(of, scores, 3, { seed: 1, step }).join());
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  test('scores four functions for each place, other ones at another step, all where there are fewer', () => {
    const unrelated = Array.from({ length: 100 }, (_, i) => 2 * i);
    const scored = candidates(unrelated, 5, AT);
    expect(new Set(scored).size).toBe(20);
    expect(scored.every((index) => unrelated.includes(index))).toBe(true);
    expect(candidates(unrelated, 5, { ...AT, step: 20 })).not.toEqual(scored);
    expect(ascending(candidates(unrelated, 80, AT))).toEqual(unrelated);
  });

  test('has the places of the steps until the next one, and no more than there are functions', () => {
    expect(placesUntilNext(800, 75, { every: 25 })).toBe(267);
    expect(placesUntilNext(800, 75, { every: 1000 })).toBe(800);
  });
});

test('a step keeps its related functions and its mix, and has none twice', () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(some, some, (functions, numbers) => {
      const isUnrelated = (index: number) => index % 3 === 0;
      const choice = Float64Array.from(numbers.filter(isUnrelated));
      const places = functions.filter(isUnrelated).length;
      const exchanged = exchange(functions, isUnrelated, choice);
      if (places > choice.length) {
        expect(exchanged).toBeUndefined();
        return;
      }
      expect(exchanged!.functions.map(isUnrelated)).toEqual(functions.map(isUnrelated));
      expect(exchanged!.functions.filter((index) => !isUnrelated(index))).toEqual(
        functions.filter((index) => !isUnrelated(index)),
      );
      expect(new Set(exchanged!.functions).size).toBe(functions.length);
      const used = exchanged!.functions.filter(isUnrelated);
      expect([...used, ...(exchanged!.left ?? [])]).toEqual([...choice]);
    }),
  );
  expect(exchange([0, 1], (index) => index === 0, undefined)).toBeUndefined();
});

describe('in a training', () => {
  /** Half of all unrelated: 24 of 48. */
  const functions = toyFunctions(48).map((one) => (one.target === 0 ? { ...one, unrelated: true } : one));
  const packing = { ...toyOptions.packing, functionsPerStep: 6, tokensPerBatch: 30 };
  const options = { packing, epochs: 2, activeSampling: { every: 3 }, evaluateEvery: undefined };
  let toy: ToyNetwork;
  beforeAll(async () => {
    toy = await toyNetwork();
  });
  afterAll(() => toy.network.release());

  test('every n steps, the hardest of the unrelated functions; as many steps, functions a step and epochs', async () => {
    const asked: { step: number; indices: readonly number[] }[] = [];
    const chosen = new Map<number, number[]>();
    let now = 0;
    const state = toy.fresh(1);
    const { events } = await runToy({
      toy,
      functions,
      options: { ...options, saveEverySteps: 1 },
      state,
      onEvent: (event) => {
        if (event.type === 'step') now = event.step;
      },
      onScores: (indices) => asked.push({ step: now, indices }),
      onSave: (saved: TrainerState) => void chosen.set(saved.step, [...(saved.chosen ?? [])]),
    });
    expect(asked.map(({ step }) => step)).toEqual([3, 6, 9, 12, 15]);
    expect(asked.every(({ indices }) => indices.every((index) => index % 2 === 1))).toBe(true);
    expect(ofType(events, 'step').map((event) => event.functions)).toEqual(Array(16).fill(6));
    // A choice is of 3 / 8 of 24; what the checkpoint holds of it shrinks by what each step had.
    expect(chosen.get(2)).toEqual([]);
    const [first, second] = [chosen.get(4)!, chosen.get(5)!];
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(9);
    expect(first.slice(-second.length)).toEqual(second);
  });

  test('what is chosen has higher scores than what is not', async () => {
    const stop = new AbortController();
    const state = toy.fresh(1);
    const { state: stopped } = await runToy({
      toy,
      functions,
      options: { ...options, saveEverySteps: 1, learningRate: 0 },
      state,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.step === 4) stop.abort();
      },
    });
    // At a rate of 0 the model at the choice is the model now.
    const scores = new Map<number, number>();
    const { judgement, network } = toy;
    const unrelated = [...functions.keys()].filter((index) => index % 2 === 1);
    const logits = await scoreFunctions(
      network,
      judgement.head,
      unrelated.map((index) => functions[index]!.ids),
      { tokensPerBatch: 16 },
    );
    for (const [i, score] of judgement.scores(logits).entries()) scores.set(unrelated[i]!, score);
    const ranked = unrelated.toSorted((a, b) => scores.get(b)! - scores.get(a)!);
    expect(stopped.chosen!.length).toBeGreaterThan(0);
    for (const index of stopped.chosen!) expect(ranked.slice(0, 9)).toContain(index);
  });

  test('it is another training than one without, and none where no step is left behind the first choice', async () => {
    const run = async (activeSampling: { every: number } | undefined) =>
      (await runToy({ toy, functions, options: { ...options, activeSampling }, state: toy.fresh(1) }))
        .parameters;
    const plain = await run(undefined);
    expect(await run({ every: 3 })).not.toEqual(plain);
    expect(await run({ every: 16 })).toEqual(plain);
  });
});
