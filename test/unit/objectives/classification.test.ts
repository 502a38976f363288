import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { classification, type Label, type LossOptions } from '../../../src/objectives/classification.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

type Rows = readonly (readonly [number, number])[];

async function lossAndGradient(
  backend: Backend,
  loss: LossOptions,
  logits: Rows,
  labels: readonly Label[],
  weights: readonly number[],
) {
  const b = new GraphBuilder();
  const input = b.input('logits', 'float32', ['B', 2]);
  const objective = classification(loss);
  const value = objective.loss(b, input);
  b.output('loss', value);
  b.output('gradient', appendGradients(b, [{ value, gradient: b.scalar(1) }], [input])[0]!);
  const executable = await backend.compile(b.build());
  const out = await executable.run({
    logits: hostTensor('float32', [logits.length, 2], Float32Array.from(logits.flat())),
    ...objective.feeds(
      labels.map((target, i) => ({ target, weight: weights[i]! })),
      1,
    ),
  });
  await executable.release();
  return { loss: Number(out.loss!.data[0]), gradient: Array.from(out.gradient!.data, Number) };
}

const FOCAL = (gamma: number): LossOptions => ({ kind: 'focal', gamma });
const CROSS_ENTROPY: LossOptions = { kind: 'cross_entropy' };

const logits: Rows = [
  [0.3, -1.2],
  [2, 2],
  [-4, 3],
  [0, 0.01],
];
const labels: readonly Label[] = [0, 1, 0, 1];
const weights = [1, 3, 0.5, 0];

/** By the formulas of the papers: p of the true class is 1 / (1 + exp(other - own)). */
function formula(gamma: number) {
  let loss = 0;
  const gradient: number[] = [];
  for (const [row, z] of logits.entries()) {
    const y = labels[row]!;
    const p = 1 / (1 + Math.exp(z[1 - y]! - z[y]!));
    loss += weights[row]! * -((1 - p) ** gamma) * Math.log(p);
    // dL/dp = gamma (1-p)^(gamma-1) log p - (1-p)^gamma / p, dp/dz_own = p (1-p)
    const slope = gamma * (1 - p) ** (gamma - 1) * Math.log(p) - (1 - p) ** gamma / p;
    const own = weights[row]! * slope * p * (1 - p);
    gradient.push(...(y === 0 ? [own, -own] : [-own, own]));
  }
  return { loss, gradient };
}

test.each([0, 0.5, 1, 2, 5])('focal loss, gamma %d, and its gradient by the formula', async (gamma) => {
  const found = await lossAndGradient(referenceBackend(), FOCAL(gamma), logits, labels, weights);
  const expected = formula(gamma);
  // Logits and weights are float32 on the way in.
  expect(found.loss).toBeCloseTo(expected.loss, 7);
  for (const [i, g] of found.gradient.entries()) expect(g).toBeCloseTo(expected.gradient[i]!, 7);
});

test('cross-entropy is focal loss with gamma 0', async () => {
  const found = await lossAndGradient(referenceBackend(), CROSS_ENTROPY, logits, labels, weights);
  const expected = formula(0);
  expect(found.loss).toBeCloseTo(expected.loss, 7);
  for (const [i, g] of found.gradient.entries()) expect(g).toBeCloseTo(expected.gradient[i]!, 7);
});

test('a function of weight 0 counts nothing', async () => {
  const backend = referenceBackend();
  const all = await lossAndGradient(backend, FOCAL(2), logits, labels, weights);
  const without = await lossAndGradient(
    backend,
    FOCAL(2),
    logits.slice(0, 3),
    labels.slice(0, 3),
    weights.slice(0, 3),
  );
  expect(all.loss).toBe(without.loss);
  expect(all.gradient.slice(-2).map(Math.abs)).toEqual([0, 0]);
});

test('one program for each objective', () => {
  const ids = [CROSS_ENTROPY, FOCAL(0), FOCAL(0.5), FOCAL(2)].map((loss) => classification(loss).id);
  expect(new Set(ids).size).toBe(4);
});

describe('extreme logits, in float32 with ONNX Runtime', () => {
  const extremes: Rows = [
    [1e4, -1e4],
    [-1e4, 1e4],
    [100, -100],
    [-90, 90],
    [1e30, 1e30],
    [0, 1e20],
  ];

  test.each<[string, LossOptions]>([
    ['cross-entropy', CROSS_ENTROPY],
    ['focal 0', FOCAL(0)],
    ['focal 0.5', FOCAL(0.5)],
    ['focal 2', FOCAL(2)],
  ])('%s: right and wrong, losses and gradients are finite', async (_name, loss) => {
    for (const label of [0, 1] as const) {
      for (const row of extremes) {
        const found = await lossAndGradient(await tinyBackend(), loss, [row], [label], [1]);
        expect(Number.isFinite(found.loss), JSON.stringify(row)).toBe(true);
        expect(found.loss).toBeGreaterThanOrEqual(0);
        expect(found.gradient.every(Number.isFinite), JSON.stringify(row)).toBe(true);
      }
    }
  });

  test('what is certainly wrong costs its distance, and pulls with its whole weight', async () => {
    for (const loss of [CROSS_ENTROPY, FOCAL(2)]) {
      const found = await lossAndGradient(await tinyBackend(), loss, [[-1e4, 1e4]], [0], [1]);
      expect(found.loss).toBeCloseTo(2e4, 0);
      expect(found.gradient).toEqual([-1, 1]);
    }
  });
});
