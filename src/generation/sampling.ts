/**
 * @file Logits -> the next token: the largest, or one drawn after temperature, top-k and top-p in that order, as Transformers'
 * logits processors have them.
 */
import type { RandomStream } from '../base/random.ts';

export interface SamplingOptions {
  /** Logits are divided by it; 0: the largest logit is taken, without a draw. */
  readonly temperature: number;
  /** Only so many of the largest; undefined: all. */
  readonly topK?: number | undefined;
  /** Only the most likely whose probabilities add up to it; undefined: all. */
  readonly topP?: number | undefined;
}

/** Token of one row of logits, [V]. The first of equal ones. */
export function chooseToken(
  logits: Float32Array,
  { temperature, topK, topP }: SamplingOptions,
  random: Pick<RandomStream, 'uniform'>,
): number {
  const best = largest(logits);
  if (temperature === 0 || topK === 1) return best;
  const peak = logits[best]!;
  let tokens = withinTopK(logits, topK);
  // Weights are e^((logit - largest) / temperature): proportional to the probabilities.
  const weightOf = (token: number) => Math.exp((logits[token]! - peak) / temperature);
  if (topP !== undefined && topP < 1) tokens = withinTopP(tokens, weightOf, topP);
  const total = tokens.reduce((sum, token) => sum + weightOf(token), 0);
  let left = random.uniform() * total;
  for (const token of tokens) {
    left -= weightOf(token);
    if (left < 0) return token;
  }
  return best;
}

function largest(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) if (logits[token]! > logits[best]!) best = token;
  return best;
}

/** What is as large as the k-th largest stays, so that equal ones are treated alike. */
function withinTopK(logits: Float32Array, topK: number | undefined): number[] {
  const all = Array.from(logits.keys());
  if (topK === undefined || topK >= logits.length) return all;
  const least = logits.toSorted().at(-topK)!;
  return all.filter((token) => logits[token]! >= least);
}

/** The fewest tokens, most likely first, whose probability reaches topP. */
function withinTopP(tokens: readonly number[], weightOf: (token: number) => number, topP: number): number[] {
  const total = tokens.reduce((sum, token) => sum + weightOf(token), 0);
  // Tokens below this add up to less than what may be left out: sorting them is spared.
  const least = ((1 - topP) * total) / tokens.length;
  const sorted = tokens
    .filter((token) => weightOf(token) >= least)
    .toSorted((a, b) => weightOf(b) - weightOf(a));
  let sum = 0;
  const end = sorted.findIndex((token) => {
    sum += weightOf(token);
    return sum >= topP * total;
  });
  return end < 0 ? sorted : sorted.slice(0, end + 1);
}
