/**
 * @file Where functions stand in a ranking of a whole release, and what that is worth: shares of fixed functions among the first,
 * by an order that knows nothing exactly, and intervals over packages. Pure.
 */
import { groupBy } from '../group-by.mjs';

/** How many functions the first `share` of `size` are: at least one. 0.05 * 20 is 1 and not a little more. */
export const topCount = (size, share) => Math.min(size, Math.max(1, Math.ceil(share * size - 1e-9)));

/** @returns {number} chance that a random order puts one function among the first `share` of `size`: exactly count / size */
export const randomShare = (size, share) => topCount(size, share) / size;

/**
 * @param {ArrayLike<number>} scores of all functions of a release
 * @param {number} index the function asked for
 * @returns {number} 1 among the first, 0 behind; between where equal scores lie across the limit: what a random order among them
 *   gives on average
 */
export function inTop(scores, index, share) {
  const top = topCount(scores.length, share);
  const { above, equal } = standing(scores, index);
  return Math.min(1, Math.max(0, (top - above) / equal));
}

/** @returns {number} share of the functions that stand before it, equal ones by half: 0 for the first, 1/2 expected of chance */
export function position(scores, index) {
  const { above, equal } = standing(scores, index);
  return scores.length === 1 ? 0 : (above + (equal - 1) / 2) / (scores.length - 1);
}

/** How many stand before it, and how many have its score, with itself. */
function standing(scores, index) {
  let [above, equal] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] > scores[index]) above++;
    else if (scores[i] === scores[index]) equal++;
  }
  return { above, equal };
}

/**
 * Figures of fixes in groups that are drawn together.
 *
 * @param {readonly { group: string, values: readonly number[] }[]} fixes one entry a fix: the same figures in the same order
 * @returns {{ means: number[], groups: { sums: number[], count: number }[] }}
 */
export function groupedMeans(fixes) {
  const groups = [...groupBy(fixes, ({ group }) => group).values()].map((members) => ({
    count: members.length,
    sums: members[0].values.map((_, v) => members.reduce((sum, { values }) => sum + values[v], 0)),
  }));
  return { means: weighedMeans(groups, new Float64Array(groups.length).fill(1)), groups };
}

/** @returns {number[]} mean over fixes of each figure, where group g counts weights[g] times; NaN where none counts */
export function weighedMeans(groups, weights) {
  const count = groups.reduce((sum, group, g) => sum + weights[g] * group.count, 0);
  return (groups[0]?.sums ?? []).map(
    (_, v) => groups.reduce((sum, group, g) => sum + weights[g] * group.sums[v], 0) / count,
  );
}
