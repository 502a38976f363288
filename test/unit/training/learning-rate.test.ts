import { expect, test } from 'vitest';
import {
  learningRate,
  type ScheduleOptions,
  type SchedulerType,
} from '../../../src/training/learning-rate.ts';

const rates = (options: Partial<ScheduleOptions>, ...steps: readonly number[]) =>
  steps.map((step) =>
    learningRate({ peak: 2, type: 'constant', warmupSteps: 0, totalSteps: 10, ...options }, step),
  );

const close = (found: readonly number[], expected: readonly number[]) => {
  for (const [i, rate] of found.entries()) expect(rate).toBeCloseTo(expected[i]!, 12);
};

test.each<[SchedulerType, number[]]>([
  ['constant', [2, 2, 2, 2]],
  ['linear', [2, 1, 0.2, 0]],
  ['cosine', [2, 1, 1 + Math.cos(0.9 * Math.PI), 0]],
])('%s without warm-up, at the start, the middle, the last step and behind it', (type, expected) => {
  close(rates({ type }, 0, 5, 9, 10), expected);
});

test.each<[SchedulerType, number[]]>([
  ['constant', [0, 0.5, 1.5, 2, 2, 2]],
  ['linear', [0, 0.5, 1.5, 2, 1, 1 / 3]],
  ['cosine', [0, 0.5, 1.5, 2, 1, 1 + Math.cos((5 / 6) * Math.PI)]],
])('%s with a warm-up of 4 of 10: from 0, as Transformers, to the peak, then down', (type, expected) => {
  close(rates({ type, warmupSteps: 4 }, 0, 1, 3, 4, 7, 9), expected);
});

test.each<SchedulerType>(['constant', 'linear', 'cosine'])('%s: corners', (type) => {
  // A warm-up as long as the run, and longer; a run of one step; steps behind the end.
  close(rates({ type, warmupSteps: 10 }, 0, 5, 9, 10), [0, 1, 1.8, 2]);
  close(rates({ type, warmupSteps: 20 }, 0, 10), [0, 1]);
  close(rates({ type, totalSteps: 1 }, 0), [2]);
  close(rates({ type }, 11, 1000), type === 'constant' ? [2, 2] : [0, 0]);
});

test.each<SchedulerType>(['linear', 'cosine'])(
  '%s never rises after the warm-up and is never negative',
  (type) => {
    const all = rates({ type, warmupSteps: 3, totalSteps: 50 }, ...Array.from({ length: 51 }, (_, i) => i));
    for (let i = 4; i <= 50; i++) expect(all[i]).toBeLessThanOrEqual(all[i - 1]!);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
  },
);
