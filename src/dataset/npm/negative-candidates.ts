/**
 * @file In which order a package's unchanged functions are offered as P3. Decides no label and leaves nothing out.
 */
import { randomStream } from '../../base/random.ts';
import type { LabelledRecord } from '../record.ts';
import type { Advisory } from './advisories.ts';
import type { AnalysedAdvisory } from './analyse-advisory.ts';
import type { ReleaseFunction } from './release-functions.ts';

export interface Candidate {
  readonly advisory: Advisory;
  readonly entry: ReleaseFunction;
  /** From a file that the fix is not in. */
  readonly other: boolean;
}

export interface CandidateOptions {
  readonly seed: number;
  readonly negativesPerPositive: number;
  readonly negativeLengths: 'natural' | 'matched';
  /** The records so far: the lengths to match. */
  readonly positives: readonly LabelledRecord[];
  readonly isUsable: (candidate: Candidate) => boolean;
}

/** A function of another file has to be this much (a factor of 1.28) nearer in length than one of the same file. */
const OTHER_FILE = 0.25;

/** For each package its candidates, the best one last: they are popped. In random order, files of the fix first. */
export function negativeCandidates(
  analysed: readonly AnalysedAdvisory[],
  options: CandidateOptions,
): Map<string, Candidate[]> {
  const pools = new Map<string, Candidate[]>();
  for (const { advisory, analysis } of analysed) {
    const name = [advisory.package, advisory.id, advisory.vulnerable];
    const random = randomStream(options.seed, 'negatives', ...name);
    const candidate = (other: boolean) => (entry: ReleaseFunction) => ({ advisory, entry, other });
    pools.set(advisory.package, [
      ...random.shuffle(analysis.otherFiles).map(candidate(true)),
      ...(pools.get(advisory.package) ?? []),
      ...random.shuffle(analysis.sameFiles).map(candidate(false)),
    ]);
  }
  for (const pool of pools.values()) pool.sort((a, b) => Number(b.other) - Number(a.other));
  if (options.negativeLengths === 'matched') preferLikeLengths(pools, options);
  return pools;
}

/** For each P1 of the package in turn the candidate nearest in length; the others stay behind. */
function preferLikeLengths(pools: Map<string, Candidate[]>, options: CandidateOptions): void {
  for (const [project, pool] of pools) {
    const lengths = options.positives
      .filter((record) => record.set === 'P1' && record.project === project)
      .map(({ code }) => code.length);
    const rest = [...pool];
    const chosen: Candidate[] = [];
    for (let round = 0; round < Math.ceil(options.negativesPerPositive); round++) {
      for (const length of lengths) chosen.push(...takeNearest(rest, length, options.isUsable));
    }
    pools.set(project, [...rest, ...chosen.reverse()]);
  }
}

/** The usable candidate with the least ratio of lengths, taken out of the pool. */
function takeNearest(
  pool: Candidate[],
  length: number,
  isUsable: (candidate: Candidate) => boolean,
): Candidate[] {
  let nearest = { index: -1, distance: Number.POSITIVE_INFINITY };
  for (let index = pool.length - 1; index >= 0; index--) {
    const candidate = pool[index]!;
    const distance =
      Math.abs(Math.log(candidate.entry.code.length / length)) + (candidate.other ? OTHER_FILE : 0);
    if (distance < nearest.distance && isUsable(candidate)) nearest = { index, distance };
  }
  return nearest.index === -1 ? [] : pool.splice(nearest.index, 1);
}
