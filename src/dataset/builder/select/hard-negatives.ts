/**
 * @file Unchanged functions that are hard to tell from the vulnerable ones by anything but what they do: of the same file,
 * else of the same project, else of the same language, and about as long. Decides neither eligibility nor labels.
 */
import type { CandidateIndex } from './candidate-index.ts';
import { NearestLengths } from './nearest-lengths.ts';

/** A neighbour whose length differs more would give itself away by it: one from further away is taken then. */
const MOST_TIMES_AS_LONG = 1.5;

type Columns = Pick<CandidateIndex, 'tokens' | 'file' | 'language'>;

export interface HardNegativesInput {
  /** Eligible unchanged functions; the first of equal ones is preferred. */
  readonly order: readonly number[];
  /** The first ones are served first where there are not enough for all. */
  readonly vulnerable: readonly number[];
  readonly index: Columns;
  /** The project of a candidate; undefined: not known. */
  readonly projectOf: (candidate: number) => string | undefined;
  /** Per vulnerable function; may be a fraction. */
  readonly ratio: number;
}

/**
 * For each vulnerable function `ratio` unchanged ones, fewer where its language has no more: another language never
 * stands in, so that the language tells nothing of the label.
 */
export function hardNegatives({
  order,
  vulnerable,
  index,
  projectOf,
  ratio,
}: HardNegativesInput): Set<number> {
  const { tokens, file, language } = index;
  const kin = (candidate: number) => `${language[candidate]}`;
  const places: readonly ((candidate: number) => string | undefined)[] = [
    (candidate) => (file[candidate] === -1 ? undefined : `${file[candidate]}`),
    (candidate) => {
      const project = projectOf(candidate);
      return project === undefined ? undefined : `${kin(candidate)} ${project}`;
    },
    kin,
  ];
  const chosen = new Set<number>();
  const wanted = Math.round(vulnerable.length * ratio);
  // In rounds: one for each, then the second for each ...
  for (let round = 0; round < Math.ceil(ratio); round++) {
    let unserved = vulnerable.slice(0, wanted - round * vulnerable.length);
    for (const [level, place] of places.entries()) {
      const neighbours = groupByPlace(order, chosen, place, tokens);
      const isLast = level === places.length - 1;
      unserved = unserved.filter((candidate) => {
        const key = place(candidate);
        const near = key === undefined ? undefined : neighbours.get(key);
        const taken = near?.take(tokens[candidate]!, isLast ? Number.POSITIVE_INFINITY : MOST_TIMES_AS_LONG);
        if (taken !== undefined) chosen.add(taken);
        return taken === undefined;
      });
    }
  }
  return chosen;
}

function groupByPlace(
  order: readonly number[],
  chosen: ReadonlySet<number>,
  place: (candidate: number) => string | undefined,
  tokens: readonly number[],
): ReadonlyMap<string, NearestLengths> {
  const groups = new Map<string, { candidate: number; length: number }[]>();
  for (const candidate of order) {
    const key = chosen.has(candidate) ? undefined : place(candidate);
    if (key === undefined) continue;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ candidate, length: tokens[candidate]! });
  }
  return new Map([...groups].map(([key, sized]) => [key, new NearestLengths(sized)]));
}
