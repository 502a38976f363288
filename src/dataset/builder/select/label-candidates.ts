/**
 * @file Which candidates become P1, P2 and P3: filters by fix and by size, contradictions, exact duplicates, the choice of
 * unchanged functions. Every candidate left out is counted under its reason. Splits are made later.
 */
import { ReasonTally } from '../../../base/tally.ts';
import type { StatedOptions } from '../build-info.ts';
import type { GatheredUnit } from '../gather/gather-context.ts';
import type { CandidateIndex } from './candidate-index.ts';
import { CHOICE } from './choice.ts';
import { chooseUnchanged } from './choose-unchanged.ts';

export interface Labelled {
  /** For each candidate, one of `CHOICE`. */
  readonly choice: Uint8Array;
  readonly fixes: ReasonTally;
  /** Pairs of functions that fixes changed. */
  readonly changed: ReasonTally;
  readonly unchanged: ReasonTally;
  /** Records with somebody's own label. */
  readonly labelled: ReasonTally;
  /** Pairs in the dataset with both versions. */
  readonly wholePairs: ReadonlySet<number>;
  /** Pairs of two fixes in a row that make one: number of either → number of the first. */
  readonly joints: ReadonlyMap<number, number>;
}

/** `excluded` says of each text's number whether it is nearly one of another dataset. */
export function labelCandidates(
  index: CandidateIndex,
  units: readonly GatheredUnit[],
  options: StatedOptions,
  excluded: (body: number) => boolean,
): Labelled {
  const labeller = new Labeller(index, units, options, excluded);
  labeller.chooseFixes();
  labeller.labelPairs();
  labeller.labelRecords();
  labeller.labelUnchanged();
  return labeller;
}

const P1_ONLY = 'kept, vulnerable version only: ';
const P2_ONLY = 'kept, fixed version only: ';
const BOTH = 'both labels';

interface Pair {
  readonly before: number;
  /** -1: the fix took the function away. */
  readonly after: number;
}

class Labeller implements Labelled {
  readonly choice: Uint8Array;
  readonly fixes = new ReasonTally();
  readonly changed = new ReasonTally();
  readonly unchanged = new ReasonTally();
  readonly labelled = new ReasonTally();
  readonly wholePairs = new Set<number>();
  readonly joints = new Map<number, number>();
  readonly #index: CandidateIndex;
  readonly #units: readonly GatheredUnit[];
  readonly #options: StatedOptions;
  readonly #excluded: (body: number) => boolean;
  readonly #keptUnits = new Set<number>();
  /** Texts already in the dataset. */
  readonly #taken = new Set<number>();
  /** Texts that some fix changed, whether that fix is taken or not: never an unchanged function. */
  readonly #changedBodies = new Set<number>();

  constructor(
    index: CandidateIndex,
    units: readonly GatheredUnit[],
    options: StatedOptions,
    excluded: (body: number) => boolean,
  ) {
    this.#index = index;
    this.#units = units;
    this.#options = options;
    this.#excluded = excluded;
    this.choice = new Uint8Array(index.count);
  }

  chooseFixes(): void {
    const { maxChangedFunctions: most } = this.#options;
    this.#units.forEach(({ facts, summary: { changed, deleted } }, unit) => {
      if (facts === undefined) return;
      const problem =
        changed === 0 && deleted === 0
          ? 'no function changed'
          : changed === 0
            ? 'functions only removed'
            : most !== null && changed > most
              ? `more than ${most === 1 ? 'one function' : `${most} functions`} changed`
              : undefined;
      this.fixes.add(problem ?? 'kept');
      // A fix of a field or a configuration still has functions that it did not touch.
      if (problem === undefined || (most === null && changed === 0)) this.#keptUnits.add(unit);
    });
  }

  labelPairs(): void {
    const pairs = this.#pairs();
    for (const { before } of pairs) this.#changedBodies.add(this.#index.body[before]!);
    const usable = pairs.filter((pair) => {
      const problem = this.#pairProblem(pair);
      if (problem !== undefined) this.changed.add(problem);
      return problem === undefined;
    });
    const { body } = this.#index;
    const vulnerable = new Set(usable.map(({ before }) => body[before]!));
    const fixed = new Set(usable.flatMap(({ after }) => (after === -1 ? [] : [body[after]!])));
    const isConflict = (candidate: number) => {
      const text = body[candidate]!;
      return vulnerable.has(text) && fixed.has(text);
    };
    const isFree = (candidate: number) =>
      candidate !== -1 && !isConflict(candidate) && !this.#taken.has(body[candidate]!);
    // Whole pairs first, so that a version shared with another pair does not part them.
    const parted: Pair[] = [];
    for (const pair of usable) {
      if (isFree(pair.before) && isFree(pair.after)) this.#takePair(pair);
      else parted.push(pair);
    }
    for (const { before, after } of parted) {
      const hasBoth = isConflict(before) || (after !== -1 && isConflict(after));
      const reason = hasBoth ? BOTH : 'a version already kept';
      if (isFree(before)) this.#take(before, CHOICE.P1, `${P1_ONLY}${reason}`);
      else if (isFree(after)) this.#take(after, CHOICE.P2, `${P2_ONLY}${reason}`);
      else this.changed.add(hasBoth ? 'both labels (conflict)' : 'duplicate');
    }
    this.#joinFixesInARow(
      parted.filter(({ after }) => after !== -1),
      isConflict,
    );
  }

  /**
   * Where one fix made B out of A and the next one C out of B, B has both labels and is left out; A and C are the
   * function before and after all of it.
   */
  #joinFixesInARow(parted: readonly Pair[], isConflict: (candidate: number) => boolean): void {
    const { body, pair } = this.#index;
    const nextOf = new Map<number, Pair[]>();
    for (const next of parted) {
      if (isConflict(next.before))
        nextOf.set(body[next.before]!, [...(nextOf.get(body[next.before]!) ?? []), next]);
    }
    for (const first of parted) {
      if (this.choice[first.before] !== CHOICE.P1 || !isConflict(first.after)) continue;
      const seen = new Set<number>();
      for (let text = body[first.after]!; !seen.has(text); ) {
        seen.add(text);
        const nexts = nextOf.get(text) ?? [];
        const last = nexts.find(
          ({ after }) => this.choice[after] === CHOICE.P2 && !this.joints.has(pair[after]!),
        );
        if (last !== undefined) {
          this.#join(pair[first.before]!, pair[last.after]!);
          break;
        }
        text = body[nexts[0]?.after ?? first.after]!;
      }
    }
  }

  #join(first: number, last: number): void {
    for (const number of [first, last]) {
      this.joints.set(number, first);
      this.wholePairs.add(number);
    }
    this.changed.add(`${P1_ONLY}${BOTH}`, -1);
    this.changed.add(`${P2_ONLY}${BOTH}`, -1);
    this.changed.add('kept, of fixes in a row: before the first and after the last', 2);
  }

  #takePair({ before, after }: Pair): void {
    const { body, pair } = this.#index;
    this.choice[before] = CHOICE.P1;
    this.choice[after] = CHOICE.P2;
    this.#taken.add(body[before]!).add(body[after]!);
    this.wholePairs.add(pair[before]!);
    this.changed.add('kept');
  }

  #take(candidate: number, choice: number, reason: string): void {
    this.choice[candidate] = choice;
    this.#taken.add(this.#index.body[candidate]!);
    this.changed.add(reason);
  }

  /** Functions that fixes changed, or that an advisory names and its fix removed; in the order of the sources. */
  #pairs(): Pair[] {
    const { role, pair, named } = this.#index;
    const afters = new Map<number, number>();
    role.forEach((what, candidate) => {
      if (what === 'after') afters.set(pair[candidate]!, candidate);
    });
    return role.flatMap((what, before) => {
      if (what === 'before') return [{ before, after: afters.get(pair[before]!) ?? -1 }];
      return what === 'deleted' && named[before]! ? [{ before, after: -1 }] : [];
    });
  }

  #pairProblem({ before, after }: Pair): string | undefined {
    const { unit, named, body, tokens } = this.#index;
    if (!this.#keptUnits.has(unit[before]!)) return 'in a fix that is left out';
    if (this.#options.namedOnly && !named[before]!) return 'not named by an advisory';
    const both = after === -1 ? [before] : [before, after];
    if (both.some((candidate) => this.#excluded(body[candidate]!))) return 'in an excluded dataset';
    const sizes = both.map((candidate) => this.#sizeProblem(tokens[candidate]!));
    // A comment inside a string, or white space that the grammar minds: the text that is compared is the same.
    const same = after !== -1 && body[before] === body[after];
    return sizes.find((problem) => problem !== undefined) ?? (same ? 'only white space changed' : undefined);
  }

  #sizeProblem(tokens: number): string | undefined {
    const { minTokens, maxTokens } = this.#options;
    if (tokens < minTokens) return 'too short';
    return maxTokens !== null && tokens > maxTokens ? 'too long' : undefined;
  }

  /** Somebody's own labels: a text with both loses both. */
  labelRecords(): void {
    const { label, body, tokens } = this.#index;
    const targets = [new Set<number>(), new Set<number>()] as const;
    for (const [candidate, { target }] of label) targets[target].add(body[candidate]!);
    for (const [candidate] of label) {
      const text = body[candidate]!;
      const problem =
        this.#sizeProblem(tokens[candidate]!) ??
        (this.#excluded(text) ? 'in an excluded dataset' : undefined) ??
        (targets[0].has(text) && targets[1].has(text) ? 'both labels (conflict)' : undefined) ??
        (this.#taken.has(text) ? 'duplicate' : undefined);
      this.labelled.add(problem ?? 'kept');
      if (problem !== undefined) continue;
      this.choice[candidate] = CHOICE.own;
      this.#taken.add(text);
    }
  }

  labelUnchanged(): void {
    const eligible: number[] = [];
    const seen = new Set<number>();
    const files = this.#filesOfFixes();
    this.#index.role.forEach((role, candidate) => {
      if (role !== 'unchanged') return;
      const text = this.#index.body[candidate]!;
      const problem = this.#unchangedProblem(candidate, files) ?? (seen.has(text) ? 'duplicate' : undefined);
      if (problem !== undefined) {
        this.unchanged.add(problem);
        return;
      }
      seen.add(text);
      eligible.push(candidate);
    });
    const chosen = chooseUnchanged(
      eligible,
      this.#index,
      this.choice,
      this.#options,
      (candidate) => this.#units[this.#index.unit[candidate]!]!.facts?.project,
    );
    for (const candidate of chosen) this.choice[candidate] = CHOICE.P3;
    this.unchanged.add('kept', chosen.length);
    this.unchanged.add('not needed for the ratio', eligible.length - chosen.length);
  }

  #filesOfFixes(): ReadonlySet<number> {
    const { file } = this.#index;
    return new Set(file.filter((_, candidate) => this.choice[candidate] === CHOICE.P1));
  }

  #unchangedProblem(candidate: number, filesOfFixes: ReadonlySet<number>): string | undefined {
    const { unit, body, tokens, file } = this.#index;
    const { negatives } = this.#options;
    if (negatives === 'none') return 'not asked for';
    if (negatives !== 'other-projects' && !this.#keptUnits.has(unit[candidate]!))
      return 'in a fix that is left out';
    if (negatives === 'same-files' && !filesOfFixes.has(file[candidate]!)) {
      return 'in a file without a vulnerable function';
    }
    const text = body[candidate]!;
    if (this.#changedBodies.has(text)) return 'changed by another fix';
    if (this.#taken.has(text)) return 'duplicate';
    return (
      this.#sizeProblem(tokens[candidate]!) ?? (this.#excluded(text) ? 'in an excluded dataset' : undefined)
    );
  }
}
