/**
 * @file Which functions make a sample of a wanted mix: share of vulnerable ones, weaknesses in equal numbers, fixes beside
 * what they fixed. Sees no code and reads no files.
 */
import { VultuneError } from '../../base/errors.ts';

export interface SampleItem {
  /** Drawn lowest first: random, and the same whatever the order of the items. */
  readonly rank: number;
  readonly target: 0 | 1;
  /** First CWE; undefined: none is said. */
  readonly cwe?: string;
  readonly pair?: string;
}

export interface SampleOptions {
  /** Share of vulnerable functions, 0 to 1; undefined: as it is. */
  readonly positives?: number;
  /** Functions in all; undefined: as many as there are of the mix. */
  readonly count?: number;
  /** Vulnerable functions of every CWE in equal numbers, as far as there are any. */
  readonly perCwe: boolean;
  /** A vulnerable function comes with its fix, and no fix without what it fixed. */
  readonly keepPairs: boolean;
}

/**
 * Indices of the chosen items, ascending. Where there is too little of one class the sample gets smaller and keeps its
 * mix.
 * @throws VultuneError `DATASET_OPTION`: a share above one half with pairs kept; `DATASET_ONE_CLASS`: a class that the
 * mix needs is not there; `DATASET_NOTHING_CHOSEN`.
 */
export function chooseSample(items: readonly SampleItem[], options: SampleOptions): number[] {
  const byRank = [...items.keys()].sort((a, b) => items[a]!.rank - items[b]!.rank || a - b);
  const positives = byRank.filter((at) => items[at]!.target === 1);
  const negatives = byRank.filter((at) => items[at]!.target === 0);
  const share = options.positives ?? positives.length / Math.max(1, items.length);
  checkMix(share, positives.length, negatives.length, options);
  const order = options.perCwe ? evenly(positives, (at) => items[at]!.cwe ?? '') : positives;
  const fixes = options.keepPairs ? pairedFixes(items, positives, negatives) : undefined;
  const loose = fixes === undefined ? negatives : negatives.filter((at) => !fixes.ofNegative.has(at));
  let total = Math.min(
    options.count ?? Number.POSITIVE_INFINITY,
    Math.floor(share === 0 ? Number.POSITIVE_INFINITY : positives.length / share),
    Math.floor(share === 1 ? Number.POSITIVE_INFINITY : negatives.length / (1 - share)),
  );
  // paired[n]: how many of the first n vulnerable functions have a fix.
  const paired = [0];
  for (const at of order) paired.push(paired.at(-1)! + (fixes?.ofPositive.has(at) === true ? 1 : 0));
  // Without the fixes of what is not chosen there may be too few others: then fewer of both.
  for (; total > 0; total--) {
    const chosen = Math.round(total * share);
    const others = total - chosen - paired[chosen]!;
    if (others < 0 || others > loose.length) continue;
    const first = order.slice(0, chosen);
    const partners = first.flatMap((at) => fixes?.ofPositive.get(at) ?? []);
    return [...first, ...partners, ...loose.slice(0, others)].sort((a, b) => a - b);
  }
  throw new VultuneError('DATASET_NOTHING_CHOSEN', 'not enough functions for a sample with this mix', {
    hint: 'ask for another share of vulnerable functions or a larger count, or do not keep pairs whole',
  });
}

/** Turn by turn one of each kind, those of a kind in their order. */
function evenly(places: readonly number[], kindOf: (at: number) => string): number[] {
  const queues = new Map<string, number[]>();
  for (const at of places) {
    const queue = queues.get(kindOf(at));
    if (queue === undefined) queues.set(kindOf(at), [at]);
    else queue.push(at);
  }
  // Kinds in the order of their first ones: which of them get one more is random too.
  const turns = Math.max(0, ...[...queues.values()].map((queue) => queue.length));
  const out: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    for (const queue of queues.values()) if (turn < queue.length) out.push(queue[turn]!);
  }
  return out;
}

interface Fixes {
  /** For a vulnerable function the first fix of its pair. */
  readonly ofPositive: ReadonlyMap<number, number>;
  /** Every function that is the fix of one in the dataset. */
  readonly ofNegative: ReadonlySet<number>;
}

function pairedFixes(
  items: readonly SampleItem[],
  positives: readonly number[],
  negatives: readonly number[],
): Fixes {
  const free = new Map<string, number[]>();
  for (const at of negatives) {
    const { pair } = items[at]!;
    if (pair !== undefined) free.set(pair, [...(free.get(pair) ?? []), at]);
  }
  const ofPositive = new Map<number, number>();
  const ofNegative = new Set<number>();
  for (const at of positives) {
    const { pair } = items[at]!;
    const fix = pair === undefined ? undefined : free.get(pair)?.shift();
    if (fix === undefined) continue;
    ofPositive.set(at, fix);
    ofNegative.add(fix);
  }
  return { ofPositive, ofNegative };
}

function checkMix(
  share: number,
  positives: number,
  negatives: number,
  { keepPairs, count }: SampleOptions,
): void {
  if (!(share >= 0 && share <= 1)) {
    throw option('positives', `the share of vulnerable functions is ${share}`, 'a number from 0 to 1');
  }
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1)) {
    throw option('count', `count is ${count}`, 'an integer >= 1');
  }
  if (keepPairs && share > 0.5) {
    throw option(
      'keep-pairs',
      `the share of vulnerable functions is ${share}`,
      'at most 0.5 with pairs kept',
    );
  }
  if ((share === 0 || positives > 0) && (share === 1 || negatives > 0)) return;
  const found = `${positives} vulnerable (target 1) and ${negatives} other functions (target 0)`;
  throw new VultuneError('DATASET_ONE_CLASS', `found ${found}, expected some of both`, {
    hint: 'a sample of this mix needs both classes',
  });
}

function option(name: string, found: string, expected: string): VultuneError {
  return new VultuneError('DATASET_OPTION', `${found}, expected ${expected}`, { where: { name } });
}
