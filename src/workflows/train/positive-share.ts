/** @file positive_share: which functions are trained on for so many of them to be vulnerable. The seed decides, and nothing else. */
import { randomStream } from '../../base/random.ts';

/**
 * Rows that are kept, ascending: all of the label that there is too little of, and as many of the other one, drawn without repetition.
 * @param labels [rows] 0 or 1
 * @param share of 1 among those kept, in (0, 1)
 */
export function rowsWithShare(labels: readonly (0 | 1)[], share: number, seed: number): readonly number[] {
  const of = (label: 0 | 1) => [...labels.keys()].filter((row) => labels[row] === label);
  const [negative, positive] = [of(0), of(1)];
  const random = randomStream(seed, 'positive share');
  const draw = (rows: readonly number[], count: number) =>
    rows.length <= count ? rows : random.shuffle(rows).slice(0, count);
  // At least one of each: a training on one label is none.
  const positives = Math.max(1, Math.round((negative.length * share) / (1 - share)));
  const negatives = Math.max(1, Math.round((positive.length * (1 - share)) / share));
  return [...draw(negative, negatives), ...draw(positive, positives)].sort((a, b) => a - b);
}
