/** @file The next token out of logits: the largest, and what temperature, top-k and top-p leave to be drawn. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { chooseToken, type SamplingOptions } from '../../../src/generation/sampling.ts';

const logits = Float32Array.of(Math.log(0.1), Math.log(0.5), Math.log(0.3), Math.log(0.1));

/** Share of each token among many draws. */
function shares(options: SamplingOptions): number[] {
  const random = randomStream(1, 'test');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[chooseToken(logits, options, random)]!++;
  return counts.map((count) => count / 20_000);
}

test('temperature 0 takes the largest, the first of equal ones, and draws nothing', () => {
  const random = { uniform: () => expect.unreachable() };
  expect(chooseToken(logits, { temperature: 0 }, random)).toBe(1);
  expect(chooseToken(Float32Array.of(2, 3, 3), { temperature: 0 }, random)).toBe(1);
});

describe('drawn tokens', () => {
  const close = (found: readonly number[], expected: readonly number[]) => {
    for (const [i, share] of expected.entries()) expect(Math.abs(found[i]! - share)).toBeLessThan(0.015);
  };
  test('temperature 1: the softmax', () => close(shares({ temperature: 1 }), [0.1, 0.5, 0.3, 0.1]));
  test('temperature 0.5: its squares', () =>
    close(
      shares({ temperature: 0.5 }),
      [0.01, 0.25, 0.09, 0.01].map((x) => x / 0.36),
    ));
  test('top-k keeps the largest, equal ones together', () => {
    close(shares({ temperature: 1, topK: 2 }), [0, 0.625, 0.375, 0]);
    close(shares({ temperature: 1, topK: 3 }), [0.1, 0.5, 0.3, 0.1]);
  });
  test('top-p keeps the fewest that reach it', () => {
    close(shares({ temperature: 1, topP: 0.5 }), [0, 1, 0, 0]);
    close(shares({ temperature: 1, topP: 0.6 }), [0, 0.625, 0.375, 0]);
    close(shares({ temperature: 1, topP: 1 }), [0.1, 0.5, 0.3, 0.1]);
  });
});
