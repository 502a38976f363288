/**
 * @file How long a block of a model takes on this machine, measured on random weights of its widths in its weight format: seconds, not the
 * hours of a training. Two steps of different size tell what a block costs whatever is put through it, and what each token adds.
 */
import { firstParameters } from '../../adapters/adapter-parameters.ts';
import { planAdapters } from '../../adapters/lora-plan.ts';
import { randomCheckpoint } from '../../checkpoint/random-checkpoint.ts';
import { baseShapes } from '../../heads/check-head-weights.ts';
import { promisedShapes } from '../../model/check-weights.ts';
import { matricesOf } from '../../model/matrices.ts';
import type { Model } from '../../model/spec.ts';
import { Network } from '../../network/network.ts';
import { packSequence } from '../../packing/pack-sequence.ts';
import type { Backend } from '../../runtime/backend.ts';
import { timedBackend } from '../../runtime/timed-backend.ts';
import { zerosLike } from '../../training/adamw.ts';
import { BaseWeights } from '../../weights/base-weights.ts';
import type { PlannedNetwork } from './planned-network.ts';

/** Milliseconds of a run over T tokens: fixedMs + T * perTokenMs. */
export interface RunCost {
  readonly fixedMs: number;
  readonly perTokenMs: number;
}

export interface BlockSpeed {
  readonly forward: RunCost;
  readonly backward: RunCost;
  /** The last block with the head: forward and backward. */
  readonly last: RunCost;
  /** Bringing the matrices of a block into the format. */
  readonly encodeMs: number;
}

/** Floating-point operations of the larger step: a few seconds of a laptop's core. */
const BUDGET = 1.2e12;
const FEWEST_TOKENS = 64;
const RUNS = 2;

/**
 * @param functionTokens tokens of a typical function: attention costs more in long ones
 * @throws the signal's reason
 */
export async function measureBlock(
  { plan, format, activations }: PlannedNetwork,
  backend: Backend,
  { functionTokens, tokensPerBatch, signal }: MeasureOptions,
): Promise<BlockSpeed> {
  const spec = twoBlocks(plan.model.spec);
  const { objective } = plan.task;
  const head = 'rows' in objective ? objective.head : plan.task.head;
  const { adapted, whole } = planAdapters(spec, { ...plan.lora, layers: 'all' }, head);
  const inBlocks = whole.filter(({ layer }) => layer !== undefined);
  const checkpoint = randomCheckpoint(new Map([...promisedShapes(spec), ...baseShapes(head)]));
  const parts = { adapted, whole: inBlocks, head };
  const parameters = await firstParameters(parts, 1, (name) => checkpoint.read(name));
  let encodeMs = 0;
  const timed = {
    ...format,
    encode: (...matrix: Parameters<typeof format.encode>) => {
      const begin = performance.now();
      const held = format.encode(...matrix);
      encodeMs += performance.now() - begin;
      return held;
    },
  };
  let times = { forward: 0, backward: 0, last: 0 };
  const network = new Network({
    model: spec,
    weights: new BaseWeights(checkpoint, timed),
    adapted,
    whole: inBlocks,
    parameters,
    blocksPerStage: 1,
    activations,
    backend: timedBackend(backend, ({ outputs }, durationMs) => {
      const names = outputs.map(({ name }) => name);
      times[names.includes('loss') ? 'last' : names.includes('output') ? 'forward' : 'backward'] +=
        durationMs;
    }),
  });
  const gradients = zerosLike(parameters);
  // Where the head reads rows by itself, both blocks go forward and backward alone.
  const blocks = 'rows' in objective ? 2 : 1;
  const run = async (functions: number, length: number) => {
    signal?.throwIfAborted();
    times = { forward: 0, backward: 0, last: 0 };
    const ids = Array.from({ length: functions }, (_, f) =>
      Array.from({ length }, (_, i) => (f + i) % spec.vocabularySize),
    );
    const examples = ids.map((one) => ({ ...plan.task.example(one, { code: '', target: 1 }), weight: 1 }));
    const sequence = packSequence(examples.map((example) => example.ids));
    const scale = 1 / functions;
    const given =
      'rows' in objective
        ? { feeds: {}, rows: objective.rows(examples, sequence.layout, scale) }
        : { feeds: objective.feeds(examples, scale) };
    const dropout = {
      probability: plan.trainer.dropout,
      seed: 1,
      step: 0,
    };
    await network.step(sequence, head, { objective, ...given, dropout }, gradients);
    const { last } = times;
    return {
      tokens: sequence.layout.tokenCount,
      forward: times.forward / blocks,
      backward: times.backward / blocks,
      last,
    };
  };
  try {
    const perToken =
      8 * matricesOf(spec.layers[0]!.block).reduce((sum, m) => sum + m.inputSize * m.outputSize, 0);
    const most = Math.max(FEWEST_TOKENS, Math.min(tokensPerBatch, Math.round(BUDGET / perToken)));
    const length = Math.max(1, Math.min(functionTokens, Math.floor(most / 2)));
    const many = Math.max(2, Math.floor(most / length));
    // The first run also compiles, reads and rounds.
    await run(1, length);
    const small = await fastest(() => run(1, length));
    const large = await fastest(() => run(many, length));
    const cost = (part: keyof typeof times) => costOf(small.tokens, small[part], large.tokens, large[part]);
    return { forward: cost('forward'), backward: cost('backward'), last: cost('last'), encodeMs };
  } finally {
    await network.release();
  }
}

export interface MeasureOptions {
  readonly functionTokens: number;
  readonly tokensPerBatch: number;
  readonly signal?: AbortSignal | undefined;
}

type Times = {
  readonly tokens: number;
  readonly forward: number;
  readonly backward: number;
  readonly last: number;
};

/** Other work on the machine only adds time. */
async function fastest(run: () => Promise<Times>): Promise<Times> {
  const runs: Times[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await run());
  const least = (part: keyof Times) => Math.min(...runs.map((one) => one[part]));
  return {
    tokens: least('tokens'),
    forward: least('forward'),
    backward: least('backward'),
    last: least('last'),
  };
}

function costOf(fewTokens: number, fewMs: number, manyTokens: number, manyMs: number): RunCost {
  const perTokenMs = Math.max(0, (manyMs - fewMs) / (manyTokens - fewTokens));
  const fixedMs = Math.max(0, fewMs - perTokenMs * fewTokens);
  // Noise may make the fixed part negative: then all of it is the tokens'.
  return fixedMs > 0 ? { fixedMs, perTokenMs } : { fixedMs: 0, perTokenMs: manyMs / manyTokens };
}

/** The last block twice, under one name: its weights are made and held once. */
function twoBlocks(model: Model): Model {
  const last = model.layers.at(-1)!;
  return { ...model, layers: [last, last] };
}
