import { describe, expect, test } from 'vitest';
import { dropout, mix32, rowKeys } from '../../../src/adapters/dropout.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { numbersOf } from '../../../src/tensor/elements.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

interface Draw {
  readonly seed?: number;
  readonly step?: number;
  /** [rows] */
  readonly tokens?: readonly number[];
  readonly isCausal?: boolean;
  readonly module?: string;
  readonly probability?: number;
  readonly rows?: number;
  readonly width?: number;
  /** The input's value. */
  readonly value?: number;
}

const ROWS = 200;
const WIDTH = 64;

function graphOf({ module = 'q_proj', probability = 0.25, rows = ROWS, width = WIDTH }: Draw) {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [rows, width]);
  const keys = b.input('keys', 'uint32', [rows, 1]);
  b.output('y', dropout(b, x, keys, module, probability));
  return b.build();
}

/** Tokens of a function that begins with the given one; 30 different ones, as code has few. */
const tokensFrom = (first: number, rows = ROWS) => [
  first,
  ...Array.from({ length: rows - 1 }, (_, i) => (i * i + 7 * i) % 30),
];

function feedsOf(draw: Draw) {
  const { seed = 1, step = 0, isCausal = true, rows = ROWS, width = WIDTH, value = 1 } = draw;
  const keys = rowKeys(draw.tokens ?? tokensFrom(0, rows), { seed, step, isCausal });
  return {
    x: hostTensor('float32', [rows, width], new Float32Array(rows * width).fill(value)),
    keys: hostTensor('uint32', [rows, 1], keys),
  };
}

const run = (draw: Draw = {}): number[] => Array.from(numbersOf(interpret(graphOf(draw), feedsOf(draw)).y!));
const isDropped = (y: number) => (y === 0 ? 1 : 0);
const dropped = (draw: Draw = {}): number[] => run(draw).map(isDropped);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

/** The correlation of two sequences of 0 and 1. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((x, i) => (x - meanA) * (b[i]! - meanB)));
  return covariance / Math.sqrt(meanA * (1 - meanA) * meanB * (1 - meanB));
}

/** Five standard deviations of a correlation of independent draws. */
const CHANCE = 5 / Math.sqrt(ROWS * WIDTH);

// The numbers are hashes of fixed keys: these tests either always pass or never.
describe('how often', () => {
  test.each([0.01, 0.05, 0.1, 0.25, 0.5, 0.9])('%d of the elements', (probability) => {
    const spread = Math.sqrt((probability * (1 - probability)) / (ROWS * WIDTH));
    expect(Math.abs(mean(dropped({ probability })) - probability)).toBeLessThan(4 * spread);
  });

  test('in every row and every column', () => {
    const flags = dropped({ probability: 0.5 });
    const share = (of: number, pick: (i: number) => number) => {
      const sums = new Float64Array(of);
      flags.forEach((flag, i) => {
        sums[pick(i)]! += flag;
      });
      return sums.map((sum) => sum / (flags.length / of));
    };
    const far = (shares: Float64Array) => Math.max(...shares.map((s) => Math.abs(s - 0.5)));
    expect(far(share(ROWS, (i) => Math.floor(i / WIDTH)))).toBeLessThan((4.5 * 0.5) / Math.sqrt(WIDTH));
    expect(far(share(WIDTH, (i) => i % WIDTH))).toBeLessThan((4.5 * 0.5) / Math.sqrt(ROWS));
  });

  test('what stays is divided by the share that stays: the mean is that of the input', () => {
    const kept = run({ probability: 0.25, value: 3 });
    expect(new Set(kept)).toEqual(new Set([0, 3 * Math.fround(1 / 0.75)]));
    expect(mean(kept)).toBeCloseTo(3, 1);
  });

  test('a chance too small for 32 bits drops nothing', () => {
    expect(mean(dropped({ probability: 1e-12 }))).toBe(0);
  });
});

describe('what is dropped', () => {
  const base = dropped();

  test('the same for the same keys', () => {
    expect(dropped()).toEqual(base);
  });

  test.each<[string, Draw]>([
    ['seed', { seed: 2 }],
    ['step', { step: 1 }],
    ['a far step', { step: 100_000 }],
    ['first token', { tokens: tokensFrom(1) }],
    ['far first token', { tokens: tokensFrom(151_000) }],
    ['function, whose tokens are seen from both sides', { isCausal: false }],
    ['module', { module: 'k_proj' }],
  ])('another %s: nothing to do with the first', (_what, draw) => {
    expect(Math.abs(correlation(base, dropped(draw)))).toBeLessThan(CHANCE);
  });

  test('seed, step and tokens do not stand in for one another', () => {
    const draws = [
      { seed: 1, step: 2, tokens: tokensFrom(3) },
      { seed: 2, step: 1, tokens: tokensFrom(3) },
      { seed: 3, step: 2, tokens: tokensFrom(1) },
      { seed: 1, step: 3, tokens: tokensFrom(2) },
      { seed: 0, step: 0, tokens: tokensFrom(0) },
    ].map(dropped);
    for (const [i, a] of draws.entries()) {
      for (const b of draws.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(CHANCE);
    }
  });

  describe.each<[string, Draw]>([
    ['of code', {}],
    ['all the same token', { tokens: Array(ROWS).fill(5) }],
    ['all token 0 at seed 0', { seed: 0, tokens: Array(ROWS).fill(0) }],
    ['counting up', { tokens: [...Array(ROWS).keys()] }],
    ['seen from both sides', { isCausal: false }],
  ])('tokens %s', (_what, draw) => {
    const flags = dropped(draw);
    test.each([1, 2, 3, 4, 8, 16, 32])(
      'neighbours %d apart, in a row or a column, are independent',
      (apart) => {
        const inRow = flags.filter((_, i) => i % WIDTH < WIDTH - apart);
        const besides = flags.filter((_, i) => i % WIDTH >= apart);
        expect(Math.abs(correlation(inRow, besides))).toBeLessThan(CHANCE);
        const above = flags.slice(0, -apart * WIDTH);
        const below = flags.slice(apart * WIDTH);
        expect(Math.abs(correlation(above, below))).toBeLessThan(CHANCE);
      },
    );
  });

  test('two functions: the same of what they begin with alike, and nothing to do with one another behind it', () => {
    const [common, rest] = [80, ROWS - 80];
    const tokens = tokensFrom(0).with(common, 99);
    const other = dropped({ tokens });
    expect(other.slice(0, common * WIDTH)).toEqual(base.slice(0, common * WIDTH));
    // The tokens behind the one that differs are the same again, at the same positions.
    const behind = correlation(base.slice(common * WIDTH), other.slice(common * WIDTH));
    expect(Math.abs(behind)).toBeLessThan(5 / Math.sqrt(rest * WIDTH));
  });

  test('seen from both sides, a later token changes what is dropped of the first', () => {
    const one = dropped({ isCausal: false });
    expect(dropped({ isCausal: false })).toEqual(one);
    const other = dropped({ isCausal: false, tokens: tokensFrom(0).with(-1, 99) });
    expect(Math.abs(correlation(one, other))).toBeLessThan(CHANCE);
  });

  test('another position of the same tokens is another beginning', () => {
    const tokens = [...tokensFrom(0, ROWS / 2), ...tokensFrom(0, ROWS / 2)];
    const flags = dropped({ tokens });
    const half = flags.length / 2;
    const repeated = correlation(flags.slice(0, half), flags.slice(half));
    expect(Math.abs(repeated)).toBeLessThan(5 / Math.sqrt(half));
  });

  test('a longer function drops the same at its beginning', () => {
    expect(dropped({ rows: 50 })).toEqual(base.slice(0, 50 * WIDTH));
  });

  test('a smaller chance drops a part of what a larger one drops', () => {
    const more = dropped({ probability: 0.5 });
    expect(base.every((flag, i) => flag <= more[i]!)).toBe(true);
  });

  test('ONNX Runtime drops the same', async () => {
    const executable = await (await tinyBackend()).compile(graphOf({}));
    const { y } = await executable.run(feedsOf({}));
    await executable.release();
    expect(Array.from(numbersOf(y!), isDropped)).toEqual(base);
  });
});

test('the keys of different beginnings differ, as far as 32 bits go', () => {
  const draws = Array.from({ length: 100 }, (_, first) => tokensFrom(first, 500));
  const keys = draws.flatMap((tokens) => [...rowKeys(tokens, { seed: 1, step: 0, isCausal: true })]);
  // Among 50,000 random keys 0.3 pairs are expected to collide.
  expect(keys.length - new Set(keys).size).toBeLessThan(4);
});

test('mix32: the finalizer of MurmurHash3, one to one', () => {
  // From the published algorithm, with 64-bit arithmetic.
  const exact = (x: number) => {
    let h = BigInt(x);
    h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & 0xffffffffn;
    h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & 0xffffffffn;
    return Number(h ^ (h >> 16n));
  };
  const inputs = [0, 1, 2, 3, 255, 2 ** 16, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  expect(inputs.map(mix32)).toEqual(inputs.map(exact));
  expect(new Set(Array.from({ length: 50_000 }, (_, i) => mix32(i))).size).toBe(50_000);
});
