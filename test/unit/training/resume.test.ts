import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AdaLoraOptions } from '../../../src/adapters/lora-plan.ts';
import { FeatureCache } from '../../../src/network/feature-cache.ts';
import { FrozenFeatures } from '../../../src/network/frozen-features.ts';
import { classification } from '../../../src/objectives/classification.ts';
import { withPairRanking } from '../../../src/objectives/pair-ranking.ts';
import { loadState, saveState } from '../../../src/training/checkpoints.ts';
import type { TrainerOptions } from '../../../src/training/trainer.ts';
import type { TrainerState } from '../../../src/training/trainer-state.ts';
import {
  ofType,
  runToy,
  type ToyNetwork,
  type ToyRun,
  toyFunctions,
  toyModel,
  toyNetwork,
  toyOptions,
} from '../../support/toy-training.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-resume-'));
  folders.push(folder);
  return folder;
}

function copyOf(folder: string): string {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** What of a finished run must be the same, however often it was interrupted. */
const outcome = ({
  parameters,
  ranks: state,
  best,
  step,
  epoch,
  evaluationsWithoutImprovement,
}: TrainerState) => ({
  parameters: new Map([...parameters].map(([key, { data }]) => [key, data.slice()])),
  ranks: state,
  best,
  step,
  epoch,
  evaluationsWithoutImprovement,
});

const cacheIn = (folder: string, { network }: ToyNetwork) =>
  new FrozenFeatures(
    network,
    new FeatureCache({
      folder,
      maxBytes: 1e7,
      modelFingerprint: 'toy',
      layerCount: network.frozenLayerCount,
      hiddenSize: toyModel.model.hiddenSize,
    }),
    toyModel.model.hiddenSize,
  );

const OPTIONS: Partial<TrainerOptions> = { dropout: 0.2, evaluateEvery: 3, epochs: 2 };

const JOINED = { packing: 'joined', separator: 1, tokensPerBatch: 24 } as const;

const ranks = {
  targetRank: 1,
  initialSteps: 1,
  finalSteps: 2,
  interval: 2,
  beta1: 0.85,
  beta2: 0.7,
  orthogonalWeight: 0.5,
};

describe.each<[string, boolean, AdaLoraOptions | undefined]>([
  ['everything trained', false, undefined],
  ['the last layer trained, features of the first in the cache', true, undefined],
  ['AdaLoRA, which takes ranks away on the way', false, ranks],
])('%s', (_name, cached, adalora) => {
  let toy: ToyNetwork;
  let expected: ReturnType<typeof outcome>;
  /** Copies of what was on disk after each save of the uninterrupted run: state, and the cache beside it. */
  const saves: { folder: string; step: number }[] = [];

  /** One process of the run: fresh, or from what a folder holds; its files are in the folder. */
  async function process(folder: string, changed: Partial<ToyRun> = {}) {
    const checkpoints = join(folder, 'checkpoints');
    const start = toy.fresh(1);
    const state = existsSync(checkpoints)
      ? toy.resume((await loadState(checkpoints, start.parameters))!.state)
      : start;
    return await runToy({
      toy,
      state,
      ...(cached ? { features: cacheIn(join(folder, 'features'), toy) } : {}),
      ...changed,
      options: { ...OPTIONS, ranks: adalora, ...changed.options },
      onSave: async (current) => {
        await saveState(checkpoints, current);
        await changed.onSave?.(current);
      },
    });
  }

  beforeAll(async () => {
    toy = await toyNetwork(cached ? { last: 1 } : 'all', {
      lora: adalora === undefined ? {} : { adalora, rank: 3 },
    });
    const folder = newFolder();
    const { state, end } = await process(folder, {
      onSave: ({ step }) => {
        saves.push({ folder: copyOf(folder), step });
      },
    });
    expect(end).toBe('epochs');
    expected = outcome(state);
  });
  afterAll(() => toy.network.release());

  test('killed after any checkpoint, it goes on to the same bits', async () => {
    expect(saves.map(({ step }) => step)).toEqual([1, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 8, 8]);
    for (const { folder, step } of saves) {
      const { state, events } = await process(copyOf(folder));
      expect(outcome(state), `after step ${step}`).toEqual(expected);
      expect(ofType(events, 'step')[0]?.step ?? 9).toBe(step + 1);
    }
  });

  test('killed in the middle of the second epoch, its sums are of the whole epoch', async () => {
    const { folder } = saves.find(({ step }) => step === 6)!;
    const { events } = await process(copyOf(folder));
    expect(ofType(events, 'epoch').map(({ functions }) => functions)).toEqual([14]);
  });

  const stopper = () => {
    const controller = new AbortController();
    let calls = 0;
    return {
      signal: controller.signal,
      /** Aborts at the n-th call, counted from 1. */
      at: (n: number) => () => {
        if (++calls === n) controller.abort();
      },
    };
  };

  type Stop = (stop: ReturnType<typeof stopper>) => Partial<ToyRun>;

  test.each<[string, Stop]>([
    ['before the first step', (stop) => ({ onSequence: stop.at(1) })],
    ['between sequences of a step', (stop) => ({ onSequence: stop.at(6) })],
    ['in the second epoch', (stop) => ({ onSequence: stop.at(12) })],
    [
      'just behind a step',
      (stop) => {
        const count = stop.at(5);
        return { onEvent: (event) => (event.type === 'step' ? count() : undefined) };
      },
    ],
    ['during the first evaluation', (stop) => ({ onEvaluation: stop.at(1) })],
    ['during the last evaluation', (stop) => ({ onEvaluation: stop.at(3) })],
    ['while a checkpoint is written', (stop) => ({ onSave: stop.at(4) })],
  ])('stopped %s: a checkpoint, and the same bits from it', async (_where, where) => {
    const folder = newFolder();
    const stop = stopper();
    const first = await process(folder, { signal: stop.signal, ...where(stop) });
    expect(first.end).toBe('interrupted');
    const last = first.events.slice(-2);
    expect(last.map(({ type }) => type)).toEqual(['checkpoint', 'interrupted']);
    expect(last.map((event) => 'step' in event && event.step)).toEqual(Array(2).fill(first.state.step));
    const second = await process(folder);
    expect(second.end).toBe('epochs');
    expect(outcome(second.state)).toEqual(expected);
    const steps = [...ofType(first.events, 'step'), ...ofType(second.events, 'step')];
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const evaluations = [...ofType(first.events, 'evaluation'), ...ofType(second.events, 'evaluation')];
    expect(evaluations.map(({ step }) => step)).toEqual([3, 6, 8]);
  });

  test('stopped at every step it makes', async () => {
    const folder = newFolder();
    let result = await process(folder, abortedAfterOneStep());
    let processes = 1;
    while (result.end === 'interrupted') {
      result = await process(folder, abortedAfterOneStep());
      processes++;
    }
    // The eighth stop comes when nothing is left to be stopped but its evaluation.
    expect(processes).toBeGreaterThanOrEqual(8);
    expect(outcome(result.state)).toEqual(expected);
  });

  function abortedAfterOneStep(): Partial<ToyRun> {
    const stop = stopper();
    const abort = stop.at(1);
    return { signal: stop.signal, onEvent: (event) => (event.type === 'step' ? abort() : undefined) };
  }

  test('a finished run that is resumed does nothing more', async () => {
    const { state, events, end } = await process(saves.at(-1)!.folder);
    expect([end, state.step]).toEqual(['epochs', 8]);
    expect(events.map(({ type }) => type)).toEqual(['finished']);
  });
});

describe('early stopping', () => {
  let toy: ToyNetwork;
  beforeAll(async () => {
    toy = await toyNetwork();
  });
  afterAll(() => toy.network.release());

  test('killed between the evaluation that ends it and the end, it ends and does not go on', async () => {
    const options = { evaluateEvery: 1, earlyStoppingPatience: 2 };
    const saved: TrainerState[] = [];
    const decisive = (i: number) => -i;
    const folder = newFolder();
    const first = await runToy({
      toy,
      state: toy.fresh(1),
      options,
      decisive,
      onSave: async (state) => {
        await saveState(folder, state);
        saved.push(state);
      },
    });
    expect([first.end, first.state.step]).toEqual(['early_stopping', 3]);
    const state = toy.resume((await loadState(folder, first.parameters))!.state);
    const second = await runToy({ toy, state, options, decisive });
    expect([second.end, second.state.step]).toEqual(['early_stopping', 3]);
    expect(second.parameters).toEqual(first.parameters);
  });
});

test('functions joined, the first layer frozen: killed after any checkpoint, it goes on to the same bits', async () => {
  const toy = await toyNetwork({ last: 1 });
  const packing = { ...toyOptions.packing, ...JOINED };
  const options = { ...OPTIONS, packing };
  const saves: { folder: string; step: number }[] = [];
  const folder = newFolder();
  const whole = await runToy({
    toy,
    state: toy.fresh(1),
    options,
    onSave: async (current) => {
      await saveState(folder, current);
      saves.push({ folder: copyOf(folder), step: current.step });
    },
  });
  const expected = outcome(whole.state);
  expect(saves.length).toBeGreaterThan(8);
  for (const { folder: saved, step } of saves) {
    const loaded = (await loadState(saved, toy.fresh(1).parameters))!.state;
    const { state } = await runToy({ toy, state: toy.resume(loaded), options });
    expect(outcome(state), `after step ${step}`).toEqual(expected);
  }
  const isolated = { ...OPTIONS, packing: { ...packing, packing: 'isolated' } as const };
  const other = await runToy({ toy, state: toy.fresh(1), options: isolated });
  expect(outcome(other.state).parameters).not.toEqual(expected.parameters);
  await toy.network.release();
});

describe('functions that begin alike, with dropout', () => {
  /** A function and its fix each: 20 tokens in common, then what tells them apart. */
  const functions = toyFunctions(8).map((one, i) => {
    const common = Array.from({ length: 20 }, (_, at) => (7 * (i >> 1) + at * at) % 8);
    return { ...one, ids: [...common, ...one.ids] };
  });
  const packing = { ...toyOptions.packing, tokensPerBatch: 100 };
  const options = { ...OPTIONS, packing, sharePrefixes: true };
  let toy: ToyNetwork;
  const saves: { folder: string; step: number }[] = [];
  let expected: ReturnType<typeof outcome>;
  const load = async (folder: string) => (await loadState(folder, toy.fresh(1).parameters))!.state;

  beforeAll(async () => {
    toy = await toyNetwork({ last: 1 });
    const folder = newFolder();
    const { state } = await runToy({
      toy,
      functions,
      options,
      state: toy.fresh(1),
      onSave: async (current) => {
        await saveState(folder, current);
        saves.push({ folder: copyOf(folder), step: current.step });
      },
    });
    expected = outcome(state);
  });
  afterAll(() => toy.network.release());

  test('what they share is computed once: killed after any checkpoint, it goes on to the same bits', async () => {
    expect(saves.length).toBeGreaterThan(4);
    for (const { folder, step } of saves) {
      const { state } = await runToy({ toy, functions, options, state: toy.resume(await load(folder)) });
      expect(outcome(state), `after step ${step}`).toEqual(expected);
    }
  });

  test('with the cache of frozen layers, to the same bits', async () => {
    const features = cacheIn(newFolder(), toy);
    for (const _fresh of ['computed', 'read']) {
      const { state } = await runToy({ toy, functions, options, features, state: toy.fresh(1) });
      expect(outcome(state)).toEqual(expected);
    }
  });

  test('a checkpoint of before, which drew dropout from the numbers of functions, is refused where it matters', async () => {
    const [first, last] = [await load(saves[0]!.folder), await load(saves.at(-1)!.folder)];
    const older = (state: TrainerState) => toy.resume({ ...state, dropoutKey: 'function' });
    const resumed = async (state: TrainerState, dropout: number) =>
      await runToy({ toy, functions, options: { ...options, dropout }, state });
    await expect(resumed(older(first), 0.2)).rejects.toMatchObject({
      code: 'RUN_CHECKPOINT_OLDER',
      where: { name: 'lora_dropout' },
      hint: expect.stringContaining('--start-over'),
    });
    // Begun by another engine, nothing is dropped, or nothing is left to be trained.
    expect((await resumed(toy.resume({ ...first, dropoutKey: 'torch' }), 0.2)).end).toBe('epochs');
    expect((await resumed(older(first), 0)).end).toBe('epochs');
    expect((await resumed(older(last), 0.2)).end).toBe('epochs');
  });
});

describe.each<[string, Partial<TrainerOptions>, ('paired' | 'joined')?]>([
  ['a curriculum by length', { curriculum: 'length' }],
  ['a curriculum by loss', { curriculum: 'loss' }],
  ['unrelated functions first', { curriculum: 'p3_first' }],
  ['active sampling', { activeSampling: { every: 2 } }],
  ['active sampling of joined functions', { activeSampling: { every: 3 } }, 'joined'],
  ['a ranking loss of pairs', {}, 'paired'],
])('%s', (_name, changed, kind) => {
  const functions = toyFunctions(16).map((one, i) => ({
    ...one,
    ...(i % 4 === 1 ? { unrelated: true } : {}),
    ...(kind === 'paired' ? { pair: { number: i >> 1, isVulnerable: i % 2 === 0 } } : {}),
  }));
  const plain = classification({ kind: 'cross_entropy' });
  const objective = kind === 'paired' ? withPairRanking(plain, 2) : plain;
  const packing = { ...toyOptions.packing, tokensPerBatch: 24, ...(kind === 'joined' ? JOINED : {}) };
  const options = { ...OPTIONS, packing, ...changed };

  test('killed after any checkpoint, it goes on to the same bits, which are not those of a plain run', async () => {
    const toy = await toyNetwork();
    const fresh = () => ({
      ...toy.fresh(1),
      ...(changed.curriculum === 'loss'
        ? { difficulty: Float64Array.from(functions, (_, i) => (5 * i) % 16) }
        : {}),
    });
    const folder = newFolder();
    const saves: string[] = [];
    const whole = await runToy({
      toy,
      functions,
      objective,
      options,
      state: fresh(),
      onSave: async (current) => {
        await saveState(folder, current);
        saves.push(copyOf(folder));
      },
    });
    const expected = outcome(whole.state);
    for (const saved of saves) {
      const { state } = (await loadState(saved, toy.fresh(1).parameters))!;
      const resumed = await runToy({ toy, functions, objective, options, state: toy.resume(state) });
      expect(outcome(resumed.state), saved).toEqual(expected);
    }
    const other = await runToy({
      toy,
      functions,
      options: { ...OPTIONS, packing },
      state: toy.fresh(1),
    });
    expect(outcome(other.state).parameters).not.toEqual(expected.parameters);
    await toy.network.release();
  });
});
