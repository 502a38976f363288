import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { classification, type Label } from '../../../src/objectives/classification.ts';
import type { Example } from '../../../src/objectives/objective.ts';
import { withPairRanking } from '../../../src/objectives/pair-ranking.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

type Row = Omit<Example<Label>, 'ids'>;

const member = (number: number, isVulnerable: boolean) => ({ number, isVulnerable });
/** Two pairs whose functions lie apart, in both orders, and one function without a partner between them. */
const examples: readonly Row[] = [
  { target: 1, weight: 1, pair: member(0, true) },
  { target: 0, weight: 0.5, pair: member(1, false) },
  { target: 0, weight: 2 },
  { target: 0, weight: 3, pair: member(0, false) },
  { target: 1, weight: 1, pair: member(1, true) },
];
const logits = [
  [0.3, -1.2],
  [2, 2],
  [-4, 3],
  [0, 0.5],
  [1.25, -0.75],
];
const CROSS_ENTROPY = classification({ kind: 'cross_entropy' });

async function lossAndGradient(
  backend: Backend,
  objective: ReturnType<typeof withPairRanking<Label>>,
  rows: readonly (readonly number[])[] = logits,
  learnt: readonly Row[] = examples,
) {
  const width = rows[0]!.length;
  const b = new GraphBuilder();
  const input = b.input('logits', 'float32', ['B', width]);
  const value = objective.loss(b, input);
  b.output('loss', value);
  b.output('gradient', appendGradients(b, [{ value, gradient: b.scalar(1) }], [input])[0]!);
  const executable = await backend.compile(b.build());
  const out = await executable.run({
    logits: hostTensor('float32', [rows.length, width], Float32Array.from(rows.flat())),
    ...objective.feeds(learnt, 0.25),
  });
  await executable.release();
  return { loss: Number(out.loss!.data[0]), gradient: Array.from(out.gradient!.data, Number) };
}

/** -w log sigmoid(s_v - s_f) of both pairs, and its derivative -+w sigmoid(s_f - s_v), times the scale. */
function formula(weight: number) {
  let loss = 0;
  const gradient = new Float64Array(2 * logits.length);
  const margin = (row: number) => logits[row]![1]! - logits[row]![0]!;
  for (const [vulnerable, fixed] of [
    [0, 3],
    [4, 1],
  ] as const) {
    const difference = margin(vulnerable) - margin(fixed);
    loss += 0.25 * weight * Math.log(1 + Math.exp(-difference));
    const slope = (0.25 * weight) / (1 + Math.exp(difference));
    gradient[2 * vulnerable]! += slope;
    gradient[2 * vulnerable + 1]! -= slope;
    gradient[2 * fixed]! -= slope;
    gradient[2 * fixed + 1]! += slope;
  }
  return { loss, gradient };
}

describe.each([0.5, 3])('weight %d', (weight) => {
  const objective = withPairRanking(CROSS_ENTROPY, weight);

  test.each([
    ['float64', async () => referenceBackend(), 7],
    ['ONNX Runtime', () => tinyBackend(), 5],
  ] as const)('%s: what comes on top of the cross-entropy is the formula', async (_name, backend, digits) => {
    const with_ = await lossAndGradient(await backend(), objective);
    const without = await lossAndGradient(await backend(), CROSS_ENTROPY);
    const expected = formula(weight);
    expect(with_.loss - without.loss).toBeCloseTo(expected.loss, digits);
    for (const [i, g] of with_.gradient.entries()) {
      expect(g - without.gradient[i]!).toBeCloseTo(expected.gradient[i]!, digits);
    }
  });
});

test('the gradient is the central difference of the loss in float64', async () => {
  const objective = withPairRanking(CROSS_ENTROPY, 2);
  const { gradient } = await lossAndGradient(referenceBackend(), objective);
  // Large beside what logits lose when they become float32.
  const step = 2 ** -8;
  for (const [row, values] of logits.entries()) {
    for (const [column] of values.entries()) {
      const moved = (by: number) =>
        logits.map((other, r) => other.map((z, c) => (r === row && c === column ? Math.fround(z) + by : z)));
      const [above, below] = [
        await lossAndGradient(referenceBackend(), objective, moved(step)),
        await lossAndGradient(referenceBackend(), objective, moved(-step)),
      ];
      expect(gradient[2 * row + column]!).toBeCloseTo((above.loss - below.loss) / (2 * step), 4);
    }
  }
});

test('logits behind the first two, those of CWEs, have no part in it', async () => {
  const wide = {
    ...CROSS_ENTROPY,
    loss: (b: GraphBuilder) => b.reduceSum(b.input('nothing', 'float32', ['B']), [0]),
  };
  const objective = withPairRanking(
    { ...wide, feeds: () => ({ nothing: hostTensor('float32', [5], new Float32Array(5)) }) },
    1,
  );
  const found = await lossAndGradient(
    referenceBackend(),
    objective,
    logits.map((row, i) => [...row, i, -i]),
  );
  expect(found.loss).toBeCloseTo(formula(1).loss, 7);
  for (const [i] of logits.entries()) expect(found.gradient.slice(4 * i + 2, 4 * i + 4)).toEqual([0, 0]);
});

test('extreme logits: losses and gradients are finite, and a wrong order costs its distance', async () => {
  const objective = withPairRanking(CROSS_ENTROPY, 4);
  const pair = [examples[0]!, examples[3]!].map((one) => ({ ...one, weight: 0 }));
  for (const [rows, nats] of [
    [
      [
        [1e4, -1e4],
        [-1e4, 1e4],
      ],
      4e4,
    ],
    [
      [
        [-1e4, 1e4],
        [1e4, -1e4],
      ],
      0,
    ],
    [
      [
        [1e30, 1e30],
        [0, 0],
      ],
      Math.log(2),
    ],
  ] as const) {
    const found = await lossAndGradient(await tinyBackend(), objective, rows, pair);
    expect(found.loss / Math.max(1, nats)).toBeCloseTo(nats / Math.max(1, nats), 5);
    expect(found.gradient.every(Number.isFinite)).toBe(true);
  }
});

test('a pair of which only one function is in the sequence is a mistake of the plan', () => {
  const objective = withPairRanking(CROSS_ENTROPY, 1);
  expect(() => objective.feeds(examples.slice(0, 3), 1)).toThrow('pair 0 is cut');
  expect(withPairRanking(CROSS_ENTROPY, 1).id).not.toBe(CROSS_ENTROPY.id);
});
