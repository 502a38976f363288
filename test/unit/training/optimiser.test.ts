import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';
import { type AdamWOptions, adamWStep, zerosLike } from '../../../src/training/adamw.ts';
import { clipGradients } from '../../../src/training/gradient-clipping.ts';

const options: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 };

function start(values: readonly number[]) {
  const parameters = new Map([['p', float32([values.length], values)]]);
  const state = { firstMoment: zerosLike(parameters), secondMoment: zerosLike(parameters), step: 0 };
  const step = (gradient: readonly number[], rate: number, changed: Partial<AdamWOptions> = {}) => {
    adamWStep(parameters, new Map([['p', Float32Array.from(gradient)]]), state, rate, {
      ...options,
      ...changed,
    });
    return Array.from(parameters.get('p')!.data);
  };
  return { step, state };
}

describe('AdamW', () => {
  test('the first step, by hand: the decay, then the rate against the sign of the gradient', () => {
    // m^ = g, v^ = g^2: p (1 - 0.1 * 0.05) - 0.1 g / (|g| + 1e-8)
    const [a, b, c] = start([1, -2, 3]).step([0.5, -1e-3, 0], 0.1);
    expect(a).toBeCloseTo(0.895, 6);
    expect(b).toBeCloseTo(-1.99 + 0.1 / (1 + 1e-5), 6);
    expect(c).toBeCloseTo(2.985, 6);
  });

  test('the second step, by hand', () => {
    const { step } = start([1]);
    step([1], 0.1, { weightDecay: 0 });
    // m = 0.9 * 0.1 + 0.1 * -2 = -0.11, m^ = -0.11 / 0.19; v = 0.999 * 0.001 + 0.001 * 4, v^ = v / 0.001999
    const expected = 0.9 - (0.1 * (-0.11 / 0.19)) / Math.sqrt(0.004999 / 0.001999);
    expect(step([-2], 0.1, { weightDecay: 0 })[0]).toBeCloseTo(expected, 6);
  });

  /** The algorithm as its paper has it (Loshchilov & Hutter 2019, algorithm 2), on one number in float64. */
  function plain(x: number, gradients: readonly number[], rates: readonly number[], o: AdamWOptions): number {
    let [theta, m, v] = [x, 0, 0];
    for (const [t, g] of gradients.entries()) {
      m = o.beta1 * m + (1 - o.beta1) * g;
      v = o.beta2 * v + (1 - o.beta2) * g ** 2;
      const mHat = m / (1 - o.beta1 ** (t + 1));
      const vHat = v / (1 - o.beta2 ** (t + 1));
      theta = theta - rates[t]! * o.weightDecay * theta - (rates[t]! * mHat) / (Math.sqrt(vHat) + o.epsilon);
    }
    return theta;
  }

  test.each<[string, Partial<AdamWOptions>]>([
    ['as usual', {}],
    ['without decay', { weightDecay: 0 }],
    ['large epsilon', { epsilon: 0.1 }],
    ['short memories', { beta1: 0.5, beta2: 0.7, weightDecay: 0.3 }],
  ])('fifty steps are the paper’s algorithm to float32 rounding: %s', (_name, changed) => {
    const random = randomStream(1, 'adamw');
    const values = Array.from({ length: 6 }, () => random.normal());
    const rates = Array.from({ length: 50 }, () => 0.05 * random.uniform());
    // Every element its own size, from 1e-6 to 1e2: the update hardly depends on it.
    const gradients = rates.map(() => values.map((_, i) => 10 ** (i - 4) * random.normal()));
    const { step } = start(values);
    let found: number[] = [];
    for (const [t, gradient] of gradients.entries()) found = step(gradient, rates[t]!, changed);
    for (const [i, x] of values.entries()) {
      const own = gradients.map((gradient) => Math.fround(gradient[i]!));
      const expected = plain(Math.fround(x), own, rates, { ...options, ...changed });
      expect(Math.abs(found[i]! - expected)).toBeLessThan(1e-5);
    }
  });

  test('a rate of 0 moves nothing, but the moments remember', () => {
    const { step, state } = start([1, 2]);
    expect(step([3, 4], 0)).toEqual([1, 2]);
    expect(state.step).toBe(1);
    expect(state.firstMoment.get('p')![0]).toBeCloseTo(0.3, 6);
    expect(state.secondMoment.get('p')![1]).toBeCloseTo(0.016, 8);
  });

  test('gradients of 0 from the start: only the decay', () => {
    const { step } = start([1]);
    expect(step([0], 0.1)[0]).toBeCloseTo(0.995, 7);
  });
});

describe('clipping', () => {
  const gradients = () =>
    new Map([
      ['a', Float32Array.of(3, 0)],
      ['b', Float32Array.of(0, 4, 12)],
    ]);

  test('the norm is of all tensors together; larger ones are scaled down to it', () => {
    const g = gradients();
    expect(clipGradients(g, 1)).toBe(13);
    const all = [...g.values()].flatMap((data) => Array.from(data));
    expect(Math.hypot(...all)).toBeCloseTo(1, 5);
    const expected = [3, 0, 0, 4, 12].map((x) => x / (13 + 1e-6));
    for (const [i, x] of all.entries()) expect(x).toBeCloseTo(expected[i]!, 6);
  });

  test.each([13.1, undefined])('a norm below %s stays, bit for bit', (maxNorm) => {
    const g = gradients();
    expect(clipGradients(g, maxNorm)).toBe(13);
    expect(g).toEqual(gradients());
  });

  test('zeros stay zeros', () => {
    const g = new Map([['a', new Float32Array(3)]]);
    expect(clipGradients(g, 1)).toBe(0);
    expect(g.get('a')).toEqual(new Float32Array(3));
  });

  test('large gradients do not overflow the norm', () => {
    const g = new Map([['a', Float32Array.of(3e30, 4e30)]]);
    expect(clipGradients(g, 1) / 5e30).toBeCloseTo(1, 6);
    expect(g.get('a')![0]).toBeCloseTo(0.6, 6);
  });
});
