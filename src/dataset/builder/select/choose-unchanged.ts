/**
 * @file Which of the eligible unchanged functions become P3: all, as many as the ratio allows at random, those nearest in
 * length to the vulnerable ones, or their neighbours. Decides neither eligibility nor labels.
 */
import { randomStream } from '../../../base/random.ts';
import type { StatedOptions } from '../build-info.ts';
import type { CandidateIndex } from './candidate-index.ts';
import { CHOICE } from './choice.ts';
import { hardNegatives } from './hard-negatives.ts';
import { NearestLengths } from './nearest-lengths.ts';

type Options = Pick<StatedOptions, 'ratio' | 'seed' | 'negatives' | 'negativeLengths' | 'hardNegatives'>;

/** In the order of `eligible`. `choice` tells the vulnerable functions; `projectOf` is asked for hard negatives alone. */
export function chooseUnchanged(
  eligible: readonly number[],
  index: CandidateIndex,
  choice: Uint8Array,
  options: Options,
  projectOf: (candidate: number) => string | undefined,
): readonly number[] {
  const { ratio, seed } = options;
  if (ratio === null) return eligible;
  const vulnerable: number[] = [];
  choice.forEach((what, candidate) => {
    const isOwn = what === CHOICE.own && index.label.get(candidate)!.target === 1;
    if (what === CHOICE.P1 || isOwn) vulnerable.push(candidate);
  });
  const order = randomStream(seed, 'negatives').shuffle(eligible);
  if (options.hardNegatives === true) {
    const served = randomStream(seed, 'served with negatives').shuffle(vulnerable);
    const chosen = hardNegatives({ order, vulnerable: served, index, projectOf, ratio });
    return eligible.filter((candidate) => chosen.has(candidate));
  }
  const wanted = Math.min(Math.round(vulnerable.length * ratio), eligible.length);
  const chosen =
    options.negativeLengths === 'matched'
      ? nearestInLength(order, vulnerable, index.tokens, wanted)
      : sharedOut(order, vulnerable, index, wanted, options);
  return eligible.filter((candidate) => chosen.has(candidate));
}

/** Each fix its share first, then whatever is there. */
function sharedOut(
  order: readonly number[],
  vulnerable: readonly number[],
  { unit }: CandidateIndex,
  wanted: number,
  { ratio, negatives }: Options,
): Set<number> {
  const positives = new Map<number, number>();
  for (const candidate of vulnerable) {
    positives.set(unit[candidate]!, (positives.get(unit[candidate]!) ?? 0) + 1);
  }
  const shares = new Map([...positives].map(([fix, count]) => [fix, Math.round(count * ratio!)]));
  const chosen = new Set<number>();
  for (const candidate of negatives === 'other-projects' ? [] : order) {
    const share = shares.get(unit[candidate]!) ?? 0;
    if (share === 0 || chosen.size === wanted) continue;
    shares.set(unit[candidate]!, share - 1);
    chosen.add(candidate);
  }
  for (const candidate of order) if (chosen.size < wanted) chosen.add(candidate);
  return chosen;
}

/** For each vulnerable function in turn, again and again, the nearest in length that is left. */
function nearestInLength(
  order: readonly number[],
  vulnerable: readonly number[],
  tokens: readonly number[],
  wanted: number,
): Set<number> {
  const left = new NearestLengths(order.map((candidate) => ({ candidate, length: tokens[candidate]! })));
  const chosen = new Set<number>();
  while (chosen.size < wanted) {
    for (const candidate of vulnerable) {
      if (chosen.size < wanted) chosen.add(left.take(tokens[candidate]!)!);
    }
  }
  return chosen;
}
