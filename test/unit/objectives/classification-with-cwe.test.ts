import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { classification } from '../../../src/objectives/classification.ts';
import {
  classificationWithCwe,
  classificationWithoutCwe,
  type LabelAndCwes,
} from '../../../src/objectives/classification-with-cwe.ts';
import type { Objective } from '../../../src/objectives/objective.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

const logits = [
  [0.3, -1.2, 0.5, -0.25, 1],
  [2, 2, -1.5, 0.75, 0.1],
  [-4, 3, 0.2, 0.4, -0.6],
  [0, 0.01, 2, -2, 0.3],
];
const examples: readonly { readonly target: LabelAndCwes; readonly weight: number }[] = [
  { target: { label: 0, cwes: [] }, weight: 1 },
  { target: { label: 1, cwes: [1] }, weight: 3 },
  // Its CWE is none of the three.
  { target: { label: 1, cwes: [] }, weight: 0.5 },
  { target: { label: 1, cwes: [0, 2] }, weight: 2 },
];

async function lossAndGradient(backend: Backend, objective: Objective<LabelAndCwes>, width = 5) {
  const b = new GraphBuilder();
  const input = b.input('logits', 'float32', ['B', width]);
  const value = objective.loss(b, input);
  b.output('loss', value);
  b.output('gradient', appendGradients(b, [{ value, gradient: b.scalar(1) }], [input])[0]!);
  const executable = await backend.compile(b.build());
  const rows = logits.map((row) => row.slice(0, width));
  const out = await executable.run({
    logits: hostTensor('float32', [rows.length, width], Float32Array.from(rows.flat())),
    ...objective.feeds(examples, 0.25),
  });
  await executable.release();
  return { loss: Number(out.loss!.data[0]), gradient: Array.from(out.gradient!.data, Number) };
}

/**
 * PyTorch 2, float64: (w * cross_entropy(logits[:, :2], labels)).sum() * 0.25 + 0.2 * 0.25 * (w[1::2] *
 * cross_entropy(logits[1::2, 2:], shares[1::2])).sum(), with the shares [0, 1, 0] and [0.5, 0, 0.5].
 */
const PYTORCH = {
  loss: 1.090774558266201,
  gradient: [
    -0.04560638095158909, 0.04560638095158908, 0, 0, 0, 0.375, -0.375, 0.00971454253226897,
    -0.0578309866827626, 0.04811644415049365, 0.00011388139930008063, -0.00011388139930007535, 0, 0, 0,
    0.2487500104165625, -0.24875001041656253, 0.03326400474341841, 0.0015250334433103009,
    -0.03478903818672871,
  ],
};

const WITH = classificationWithCwe({ kind: 'cross_entropy' }, { classes: 3, weight: 0.2 });

describe.each<[string, () => Backend | Promise<Backend>, number]>([
  ['in float64', referenceBackend, 7],
  ['by ONNX Runtime', tinyBackend, 6],
])('the loss of labels and CWEs %s', (_name, open, digits) => {
  test('is that of PyTorch, and so is its gradient', async () => {
    const found = await lossAndGradient(await open(), WITH);
    expect(found.loss).toBeCloseTo(PYTORCH.loss, digits);
    for (const [i, value] of found.gradient.entries())
      expect(value).toBeCloseTo(PYTORCH.gradient[i]!, digits);
  });

  test('leaves the logits of the CWEs alone where a function has none of them', async () => {
    const { gradient } = await lossAndGradient(await open(), WITH);
    const cwes = (row: number) => gradient.slice(5 * row + 2, 5 * row + 5);
    expect([cwes(0), cwes(2)].flat().every((value) => value === 0)).toBe(true);
    expect(cwes(1).every((value) => value !== 0)).toBe(true);
  });
});

test('without CWEs it is the loss of the two classes, by the same id', async () => {
  const without = classificationWithoutCwe({ kind: 'focal', gamma: 2 });
  const plain = classification({ kind: 'focal', gamma: 2 });
  expect(without.id).toBe(plain.id);
  const labels = examples.map(({ target, weight }) => ({ target: target.label, weight }));
  expect(without.feeds(examples, 0.25)).toEqual(plain.feeds(labels, 0.25));
});
