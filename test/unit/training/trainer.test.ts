import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pooledStates } from '../../../src/heads/classifier.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { type PackingOptions, planEpoch } from '../../../src/packing/plan.ts';
import { groupAtFullLength } from '../../../src/packing/units.ts';
import type { LossReduction, TrainerOptions } from '../../../src/training/trainer.ts';
import { relativeDifference, type StepTensors, stepGroups } from '../../support/network-step.ts';
import {
  ofType,
  runToy,
  type ToyFunction,
  type ToyNetwork,
  type ToyRun,
  toyFunctions,
  toyNetwork,
  toyOptions,
} from '../../support/toy-training.ts';

let toy: ToyNetwork;
beforeAll(async () => {
  toy = await toyNetwork();
});
afterAll(() => toy.network.release());

const run = (changed: Omit<ToyRun, 'toy' | 'state'> = {}, seed = 1) =>
  runToy({ toy, state: toy.fresh(seed), ...changed });

test('learns a separable task, also for functions it has not seen', async () => {
  const functions = toyFunctions(120);
  const { end, events } = await run({ functions, options: { epochs: 3, learningRate: 0.04 } });
  expect(end).toBe('epochs');
  const [first, , last] = ofType(events, 'epoch').map(({ meanLossNats }) => meanLossNats);
  expect(first).toBeGreaterThan(0.2);
  expect(last).toBeLessThan(0.1);
  expect(ofType(events, 'evaluation').at(-1)!.metrics.accuracy).toBe(1);
});

describe('the events of a run', () => {
  test('in order; each epoch has every function and token once', async () => {
    // 14 functions, 4 a step: 3 full steps and one of 2.
    const { events, totalSteps } = await run();
    expect(totalSteps).toBe(8);
    const epoch = ['step', 'checkpoint', 'step', 'checkpoint', 'step', 'checkpoint', 'step', 'checkpoint'];
    const whole = [...epoch, 'evaluation', 'checkpoint', 'epoch', 'checkpoint'];
    expect(events.map(({ type }) => type)).toEqual([...whole, ...whole, 'finished']);
    const steps = ofType(events, 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(steps.map(({ functions }) => functions)).toEqual([4, 4, 4, 2, 4, 4, 4, 2]);
    expect(steps.map(({ epoch }) => epoch)).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
    const tokens = toyFunctions(14).reduce((sum, { ids }) => sum + ids.length, 0);
    for (const { functions, tokens: found } of ofType(events, 'epoch')) {
      expect([functions, found]).toEqual([14, tokens]);
    }
    expect(ofType(events, 'evaluation').map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 4],
      [2, 8],
    ]);
    expect(ofType(events, 'finished')[0]).toMatchObject({ step: 8, reason: 'epochs' });
  });

  test('the learning rate is that of the schedule', async () => {
    const { events } = await run();
    const rates = ofType(events, 'step').map(({ learningRate }) => learningRate / toyOptions.learningRate);
    const expected = [0, 0.5, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6];
    for (const [i, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[i]!, 10);
  });

  test('padding is counted where there is some', async () => {
    const padded = await run({
      options: { epochs: 1, packing: { ...toyOptions.packing, packing: 'none', padTo: 10 } },
    });
    const steps = ofType(padded.events, 'step');
    expect(steps.map(({ tokens, paddingTokens }) => tokens + paddingTokens)).toEqual([40, 40, 40, 20]);
  });
});

test('the head has a learning rate of its own where one is given', async () => {
  const still = await run({ options: { learningRate: 0, headLearningRate: 0.04, epochs: 1 } });
  const first = toy.fresh(1).parameters;
  const moved = [...still.parameters].filter(([key, { data }]) =>
    data.some((value, i) => value !== first.get(key)!.data[i]),
  );
  expect(moved.map(([key]) => key)).toEqual(['base_model.model.score.weight']);
});

/** What the optimiser was given, seen at a rate of 0: parameters stay, so each step's gradients can be made again. */
async function frozenRun(options: Partial<TrainerOptions>, functions: readonly ToyFunction[]) {
  const all = { ...toyOptions, learningRate: 0, maxGradientNorm: undefined, epochs: 1, ...options };
  const { events } = await run({ options: all, functions, decisive: () => 0 });
  const steps = planEpoch(groupAtFullLength(functions.map(({ ids }) => ids)), all.packing, {
    seed: all.seed,
    epoch: 0,
  });
  return { reported: ofType(events, 'step'), steps };
}

const norm = ({ gradients }: StepTensors) =>
  Math.hypot(...[...gradients.values()].flatMap((data) => Array.from(data)));

describe('the loss of a step, and its gradients', () => {
  const functions = toyFunctions(14).map((one, i) => ({ ...one, weight: [1, 3, 0.5][i % 3]! }));

  const FACTORS: Record<LossReduction, (rows: number, sequences: number, inStep: number) => number> = {
    sum: () => 1,
    mean: (rows, sequences) => 1 / (rows * sequences),
    function: (_rows, _sequences, inStep) => 1 / inStep,
  };

  test.each(Object.entries(FACTORS))(
    '%s, the last step with fewer functions included',
    async (name, factor) => {
      const { reported, steps } = await frozenRun({ lossReduction: name as LossReduction }, functions);
      expect(steps.map(({ functionCount }) => functionCount)).toEqual([4, 4, 4, 2]);
      expect(Math.max(...steps.map(({ sequences }) => sequences.length))).toBeGreaterThan(1);
      for (const [i, { sequences, functionCount }] of steps.entries()) {
        const groups = sequences.map((sequence) => sequence.functions);
        const scaled = functions.map((one, index) => {
          const rows = groups.find((group) => group.includes(index))?.length ?? 1;
          return { ...one, weight: one.weight * factor(rows, sequences.length, functionCount) };
        });
        expect(reported[i]!.gradientNorm / norm(await stepGroups(toy, scaled, groups))).toBeCloseTo(1, 5);
        // What is reported is the mean over functions whatever the reduction, so that runs can be compared.
        const { loss } = await stepGroups(toy, functions, groups);
        expect(reported[i]!.lossNats).toBeCloseTo(loss / functionCount, 5);
      }
    },
  );

  test('per function, the packing changes nothing; nor does it where each sequence is a step', async () => {
    const one = await frozenRun({ packing: { ...toyOptions.packing, tokensPerBatch: 1000 } }, functions);
    const many = await frozenRun({ packing: { ...toyOptions.packing, tokensPerBatch: 1 } }, functions);
    const padded = await frozenRun(
      { packing: { ...toyOptions.packing, packing: 'none', padTo: 9 } },
      functions,
    );
    for (const [i, { gradientNorm, lossNats }] of one.reported.entries()) {
      for (const other of [many, padded]) {
        expect(other.reported[i]!.gradientNorm / gradientNorm).toBeCloseTo(1, 5);
        expect(other.reported[i]!.lossNats).toBeCloseTo(lossNats, 5);
      }
    }
    const dynamic = { ...toyOptions.packing, functionsPerStep: undefined };
    const { steps, reported } = await frozenRun({ packing: dynamic, lossReduction: 'mean' }, functions);
    expect(steps.every(({ sequences }) => sequences.length === 1)).toBe(true);
    expect(reported.reduce((sum, { functions: count }) => sum + count, 0)).toBe(14);
  });

  test('clipping: the norm is reported as it was, the step as if it had been smaller', async () => {
    const loud = functions.map((one) => ({ ...one, weight: 1000 * one.weight }));
    const options = { adamw: { ...toyOptions.adamw, epsilon: 1, weightDecay: 0 }, epochs: 1 };
    const clipped = await run({ functions: loud, options });
    expect(Math.min(...ofType(clipped.events, 'step').map((s) => s.gradientNorm))).toBeGreaterThan(1);
    const moved = (result: typeof clipped) => {
      const before = toy.fresh(1).parameters;
      return Math.hypot(
        ...[...result.parameters].flatMap(([key, { data }]) =>
          Array.from(data, (x, i) => x - before.get(key)!.data[i]!),
        ),
      );
    };
    const free = await run({ functions: loud, options: { ...options, maxGradientNorm: undefined } });
    expect(moved(clipped)).toBeLessThan(0.5 * moved(free));
  });

  test('dropout chooses anew at every step', async () => {
    // Every step has all functions in the same order, and moves nothing.
    const packing = { ...toyOptions.packing, functionsPerStep: 100, tokensPerBatch: 1000 };
    const norms = async (dropout: number) => {
      const options = { packing, dropout, learningRate: 0, maxGradientNorm: undefined, epochs: 3 };
      const { events } = await run({ functions, options, decisive: () => 0 });
      return new Set(ofType(events, 'step').map(({ gradientNorm }) => gradientNorm)).size;
    };
    expect([await norms(0), await norms(0.5)]).toEqual([1, 3]);
  });

  test('a loss that is no number stops the run and saves nothing of it', async () => {
    const broken = functions.map((one) => ({ ...one, weight: Number.NaN }));
    const saves: number[] = [];
    const running = run({ functions: broken, onSave: ({ step }) => void saves.push(step) });
    await expect(running).rejects.toMatchObject({ name: 'VultuneError' });
    expect(saves).toEqual([]);
  });
});

describe('the gradient of a step by hand: the matrix of the head, (p - y) times what it reads', () => {
  const functions = toyFunctions(9).map((one, i) => ({ ...one, weight: [1, 3, 0.5][i % 3]! }));
  const KEY = 'base_model.model.score.weight';

  type Factor = (rows: number, sequences: number, inStep: number) => number;
  const FACTORS: readonly [LossReduction, Factor][] = [
    ['sum', () => 1],
    ['mean', (rows, sequences) => 1 / (rows * sequences)],
    ['function', (_rows, _sequences, inStep) => 1 / inStep],
  ];

  describe.each<[string, Partial<PackingOptions>, number]>([
    ['isolated, a step of several sequences', { functionsPerStep: 9 }, 1],
    ['joined, a step of several sequences', { packing: 'joined', separator: 1, functionsPerStep: 9 }, 1],
    ['joined, each sequence a step', { packing: 'joined', separator: 1, functionsPerStep: undefined }, 2],
    [
      'joined, at most two functions',
      { packing: 'joined', maxFunctionsPerSequence: 2, functionsPerStep: 9 },
      1,
    ],
  ])('%s', (_name, packing, least) => {
    test.each(FACTORS)('%s', async (lossReduction, factor) => {
      const options = {
        ...toyOptions,
        learningRate: 0,
        maxGradientNorm: undefined,
        lossReduction,
        packing: { ...toyOptions.packing, ...packing },
        maxSteps: 1,
      };
      const { events, state } = await run({ options, functions, decisive: () => 0 });
      const plan = planEpoch(groupAtFullLength(functions.map(({ ids }) => ids)), options.packing, {
        seed: options.seed,
        epoch: 0,
      });
      expect(plan.length).toBeGreaterThanOrEqual(least);
      const { sequences, functionCount } = plan[0]!;
      if (least === 1) expect(sequences.length).toBeGreaterThan(1);
      const weight = state.parameters.get(KEY)!.data; // [2, D]
      const D = weight.length / 2;
      const expected = new Float64Array(2 * D);
      let loss = 0;
      for (const { functions: rows } of sequences) {
        const { separator } = options.packing;
        const sequence = packSequence(
          rows.map((row) => functions[row]!.ids),
          { packing: options.packing.packing, separator },
        );
        const { data: read } = await toy.network.logits(sequence, pooledStates('last')); // [B, D]
        for (const [i, row] of rows.entries()) {
          const { target, weight: own } = functions[row]!;
          const h = read.subarray(i * D, (i + 1) * D);
          const [z0, z1] = [0, 1].map((c) => h.reduce((sum, x, d) => sum + x * weight[c * D + d]!, 0));
          const vulnerable = 1 / (1 + Math.exp(z0! - z1!));
          loss -= own * Math.log(target === 1 ? vulnerable : 1 - vulnerable);
          const scale = own * factor(rows.length, sequences.length, functionCount) * (vulnerable - target);
          for (const [d, x] of h.entries()) {
            expected[d]! -= scale * x;
            expected[D + d]! += scale * x;
          }
        }
      }
      // After one step the first moment is (1 - beta1) times the gradient.
      const found = state.optimizer.firstMoment.get(KEY)!.map((value) => value / (1 - options.adamw.beta1));
      expect(relativeDifference(found, expected)).toBeLessThan(1e-4);
      expect(ofType(events, 'step')[0]!.lossNats).toBeCloseTo(loss / functionCount, 5);
    });
  });
});

describe('joined', () => {
  test('a step counts tokens of functions, and slots that hold neither these nor separators as padding', async () => {
    const packing = { ...toyOptions.packing, packing: 'joined', separator: 1, tokensPerBatch: 60 } as const;
    const { events } = await run({ options: { packing, epochs: 1 }, decisive: () => 0 });
    const tokens = toyFunctions(14).reduce((sum, { ids }) => sum + ids.length, 0);
    expect(ofType(events, 'epoch')[0]!.tokens).toBe(tokens);
    expect(ofType(events, 'step').map(({ paddingTokens }) => paddingTokens)).toEqual([0, 0, 0, 0]);
  });

  test('what is kept of frozen layers is not asked for: it is of functions alone', async () => {
    const asked = async (packing: PackingOptions['packing']) => {
      let count = 0;
      const options = { packing: { ...toyOptions.packing, packing }, epochs: 1 };
      await run({ options, decisive: () => 0, onSequence: () => void count++ });
      return count;
    };
    expect(await asked('joined')).toBe(0);
    expect(await asked('isolated')).toBeGreaterThan(0);
  });
});

describe('when it evaluates, saves and ends', () => {
  const evaluatedAt = async (options: Partial<TrainerOptions>) => {
    const { events, end, state } = await run({ options, decisive: () => 0 });
    return { at: ofType(events, 'evaluation').map(({ step }) => step), end, state, events };
  };

  test.each<[string, Partial<TrainerOptions>, number[]]>([
    ['every epoch', {}, [4, 8]],
    ['every 3 steps, and at the end', { evaluateEvery: 3 }, [3, 6, 8]],
    ['every 4 steps, at the end once', { evaluateEvery: 4 }, [4, 8]],
    ['seldom: at the end', { evaluateEvery: 100 }, [8]],
    ['never', { evaluateEvery: undefined }, []],
    ['every epoch, ended by max_steps', { maxSteps: 6 }, [4, 6]],
    ['every epoch, ended by max_steps with an epoch', { maxSteps: 4 }, [4]],
  ])('%s', async (_what, options, at) => {
    expect((await evaluatedAt(options)).at).toEqual(at);
  });

  test.each<[string, Partial<TrainerOptions>, number, string]>([
    ['max_steps in an epoch', { maxSteps: 3 }, 3, 'max_steps'],
    ['max_steps at the end of an epoch', { maxSteps: 4 }, 4, 'max_steps'],
    ['max_steps as many as there are', { maxSteps: 8 }, 8, 'epochs'],
    ['more max_steps than there are', { maxSteps: 100 }, 8, 'epochs'],
  ])('%s', async (_what, options, steps, reason) => {
    for (const evaluateEvery of ['epoch', undefined] as const) {
      const { events, end, state } = await evaluatedAt({ ...options, evaluateEvery, saveEverySteps: 100 });
      expect([state.step, end]).toEqual([steps, reason]);
      expect(ofType(events, 'finished')[0]).toMatchObject({ step: steps, reason });
      expect(ofType(events, 'checkpoint').at(-1)!.step).toBe(steps);
    }
  });

  test('max_steps counts in the schedule', async () => {
    const { events } = await evaluatedAt({ maxSteps: 4 });
    const rates = ofType(events, 'step').map(({ learningRate }) => learningRate / toyOptions.learningRate);
    expect(rates).toEqual([0, 0.5, 1, 0.5]);
  });

  test('every n steps a checkpoint, besides those of evaluations and epochs', async () => {
    const { events } = await evaluatedAt({ saveEverySteps: 3, evaluateEvery: undefined });
    expect(ofType(events, 'checkpoint').map(({ step }) => step)).toEqual([3, 4, 6, 8]);
  });
});

describe('the best so far', () => {
  const scripted = (values: readonly number[], options: Partial<TrainerOptions> = {}) =>
    run({ options: { evaluateEvery: 1, ...options }, decisive: (i) => values[i]! });

  test('its parameters are those of its step, its scores those it was given', async () => {
    const { state, events } = await scripted([0.1, 0.5, 0.3, 0.5, 0.2, 0.4, 0.1, 0.1]);
    expect(ofType(events, 'evaluation').map(({ isBest }) => isBest)).toEqual([
      true,
      true,
      ...Array(6).fill(false),
    ]);
    expect(state.best).toMatchObject({ step: 2, metric: 0.5, validScores: Float64Array.of(0.5) });
    expect(ofType(events, 'finished')[0]!.bestStep).toBe(2);
    const best = state.best!.parameters;
    // A run that is stopped right there has the same: the schedule must not know of the stop.
    const stop = new AbortController();
    const stopped = await run({
      options: { evaluateEvery: 1 },
      decisive: () => 0,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.step === 2) stop.abort();
      },
    });
    expect(stopped.state.step).toBe(2);
    expect(best).toEqual(stopped.parameters);
  });

  test('without evaluations there is none', async () => {
    const { state, events } = await run({ options: { evaluateEvery: undefined } });
    expect(state.best).toBeUndefined();
    expect(ofType(events, 'finished')[0]!.bestStep).toBeNull();
  });

  test.each<[number, number[], number]>([
    [1, [0.5, 0.4], 2],
    [2, [0.5, 0.4, 0.6, 0.5, 0.6], 5],
    [3, [0.5, 0.4, 0.3, 0.2], 4],
    [8, [0.5, 0.4, 0.3, 0.2, 0.1, 0, 0, 0], 8],
  ])('early stopping after %d without a better one', async (earlyStoppingPatience, values, steps) => {
    const { end, state, events } = await scripted(values, { earlyStoppingPatience });
    expect(state.step).toBe(steps);
    expect(end).toBe(steps === 8 ? 'epochs' : 'early_stopping');
    expect(ofType(events, 'finished')).toHaveLength(1);
  });
});

describe('the same bits', () => {
  const options: Partial<TrainerOptions> = { dropout: 0.2 };

  test('for the same seed', async () => {
    const first = await run({ options });
    expect((await run({ options })).parameters).toEqual(first.parameters);
  });

  test('but not for another seed of order and dropout, of dropout alone, or of the first values', async () => {
    const first = await run({ options });
    expect((await run({ options: { ...options, seed: 4 } })).parameters).not.toEqual(first.parameters);
    expect((await run({ options }, 2)).parameters).not.toEqual(first.parameters);
    const whole = { ...toyOptions.packing, functionsPerStep: 100, tokensPerBatch: 1000 };
    // All functions in every step, sorted by length: their order depends on no seed.
    const one = await run({ options: { ...options, packing: whole } });
    const other = await run({ options: { ...options, packing: whole, seed: 4 } });
    expect(other.parameters).not.toEqual(one.parameters);
  });
});

describe('common beginnings', () => {
  /** A function and its fix each: 20 tokens in common, then what tells them apart. */
  const pairs = toyFunctions(24).map((one, i) => {
    const common = Array.from({ length: 20 }, (_, at) => (7 * (i >> 1) + at * at) % 8);
    return { ...one, ids: [...common, ...one.ids], ...(i % 2 === 1 ? { unrelated: true } : {}) };
  });
  const packing = { ...toyOptions.packing, tokensPerBatch: 200, functionsPerStep: 6 };
  const losses = async (options: Partial<TrainerOptions>) => {
    const { events, parameters } = await run({
      functions: pairs,
      options: { epochs: 2, packing, ...options },
      decisive: () => 0,
    });
    return { losses: ofType(events, 'step').map(({ lossNats }) => lossNats), parameters };
  };

  test.each<[string, Partial<TrainerOptions>, Partial<TrainerOptions>]>([
    ['shared or not', { sharePrefixes: true }, {}],
    ['shared or not, with dropout', { sharePrefixes: true, dropout: 0.2 }, { dropout: 0.2 }],
    ['without packing', { packing: { ...packing, packing: 'none' } }, {}],
    [
      'shared or not, with the mean of each sequence',
      { sharePrefixes: true, lossReduction: 'mean' },
      { lossReduction: 'mean' },
    ],
    [
      'shared or not, by a curriculum',
      { sharePrefixes: true, curriculum: 'length' },
      { curriculum: 'length' },
    ],
    [
      'shared or not, with active sampling',
      { sharePrefixes: true, activeSampling: { every: 2 } },
      { activeSampling: { every: 2 } },
    ],
    [
      'shared or not, each sequence being a step',
      { sharePrefixes: true, packing: { ...packing, functionsPerStep: undefined } },
      { packing: { ...packing, functionsPerStep: undefined } },
    ],
  ])('%s: the same seed gives the same steps, losses and adapter', async (_what, one, other) => {
    const [a, b] = [await losses(one), await losses(other)];
    expect(a.losses).toHaveLength(b.losses.length);
    for (const [i, loss] of a.losses.entries()) expect(Math.abs(loss - b.losses[i]!)).toBeLessThan(1e-6);
    for (const [key, { data }] of a.parameters) {
      const expected = b.parameters.get(key)!.data;
      for (const [i, value] of data.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-3);
    }
  });

  test('with dropout or without, a step has the same functions', async () => {
    const functionsOf = async (dropout: number) =>
      (
        await run({
          functions: pairs,
          options: { epochs: 1, packing, dropout, sharePrefixes: true },
          decisive: () => 0,
        })
      ).events.flatMap((event) => (event.type === 'step' ? [event.tokens] : []));
    expect(await functionsOf(0.2)).toEqual(await functionsOf(0));
  });
});
