import { expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { fitLinearProbe, type ProbeFeatures } from '../../../src/evaluation/probing/linear-probe.ts';

/** Functions of 4 features: the second tells the label, on a scale of its own; the last is always 0. */
function draw(count: number, seed: number, signal: number): ProbeFeatures {
  const random = randomStream(seed, 'probe');
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const values = Float32Array.from(
    labels.flatMap((label) => [
      random.normal(),
      1e-3 * (signal * (2 * label - 1) + random.normal()),
      1e3 * random.normal(),
      0,
    ]),
  );
  return { values, width: 4, labels };
}

test('finds the feature that tells, whatever its scale', () => {
  const probe = fitLinearProbe(draw(400, 1, 2), draw(200, 2, 2));
  expect(probe.validation.rocAuc).toBeGreaterThan(0.97);
  const [low, high] = probe.validation.interval!;
  expect(low).toBeLessThan(probe.validation.rocAuc);
  expect(high).toBeGreaterThanOrEqual(probe.validation.rocAuc);
  // In units of each feature's own spread.
  const strength = [probe.weights[0]!, 1e-3 * probe.weights[1]!, 1e3 * probe.weights[2]!].map(Math.abs);
  expect(strength[1]).toBeGreaterThan(5 * Math.max(strength[0]!, strength[2]!));
  expect(probe.weights[3]).toBe(0);
});

test('features that tell nothing: an interval around chance', () => {
  const { validation } = fitLinearProbe(draw(400, 3, 0), draw(200, 4, 0));
  expect(validation.interval![0]).toBeLessThan(0.5);
});

test('no interval where a class has one function', () => {
  const valid = draw(2, 5, 2);
  expect(fitLinearProbe(draw(40, 6, 2), valid).validation.interval).toBeUndefined();
});
