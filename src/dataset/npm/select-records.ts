/**
 * @file Records out of analysed advisories: P1 and P2 from the named functions, P3 from those the fix left alone, less
 * duplicates, contradictions and what is too short or too long. Every function left out is counted under its reason.
 */
import type { LabelledRecord, RecordSet } from '../record.ts';
import { type Advisory, compareVersions } from './advisories.ts';
import type { AnalysedAdvisory, FunctionPair } from './analyse-advisory.ts';
import { type Candidate, negativeCandidates } from './negative-candidates.ts';
import type { ReleaseFunction } from './release-functions.ts';

export interface SelectOptions {
  /** P3 for each P1. */
  readonly negativesPerPositive: number;
  readonly seed: number;
  /** Functions of fewer words and signs are left out. */
  readonly minTokens: number;
  /** natural: P3 as they come (mostly short); matched: of lengths like the package's P1, so that length tells little. */
  readonly negativeLengths: 'natural' | 'matched';
  /** Functions of more tokens (estimated: characters / 3.2) are left out, with their partner. */
  readonly maxTokensEstimate?: number;
}

export interface Selection {
  readonly records: readonly LabelledRecord[];
  /** Named functions of the advisories: kept as pairs, and left out by reason. */
  readonly named: Readonly<Record<string, number>>;
  /** The fixed versions among them. */
  readonly fixes: Readonly<Record<string, number>>;
  /** Candidates for P3. */
  readonly unchanged: Readonly<Record<string, number>>;
}

const CHARACTERS_PER_TOKEN = 3.2;

export function selectRecords(analysed: readonly AnalysedAdvisory[], options: SelectOptions): Selection {
  const sorted = [...analysed].sort((a, b) => compare(sortKey(a.advisory), sortKey(b.advisory)));
  const builder = new RecordBuilder(sorted, options);
  for (const { advisory, analysis } of sorted) {
    for (const { problem } of analysis.problems) builder.named.add(problem);
    for (const pair of analysis.pairs) builder.addPair(advisory, pair);
  }
  builder.addNegatives();
  return {
    records: builder.records,
    named: builder.named.counts(),
    fixes: builder.fixes.counts(),
    unchanged: builder.unchanged.counts(),
  };
}

class RecordBuilder {
  readonly records: LabelledRecord[] = [];
  readonly named = new Tally();
  readonly fixes = new Tally();
  readonly unchanged = new Tally();
  readonly #analysed: readonly AnalysedAdvisory[];
  readonly #options: SelectOptions;
  /** Bodies already in the dataset. */
  readonly #seen = new Set<string>();
  /** Bodies that some advisory calls vulnerable: never the other class. */
  readonly #vulnerableBodies: ReadonlySet<string>;
  /** Functions that were vulnerable in some releases (these): another release's version of them proves little. */
  readonly #vulnerableIn = new Map<string, string[]>();
  readonly #ids = new Map<string, number>();

  constructor(analysed: readonly AnalysedAdvisory[], options: SelectOptions) {
    this.#analysed = analysed;
    this.#options = options;
    const vulnerable = new Set<string>();
    for (const { advisory, analysis } of analysed) {
      for (const { before } of analysis.pairs) {
        vulnerable.add(before.body);
        const key = functionKey(advisory, before);
        this.#vulnerableIn.set(key, [...(this.#vulnerableIn.get(key) ?? []), advisory.vulnerable]);
      }
    }
    this.#vulnerableBodies = vulnerable;
  }

  addPair(advisory: Advisory, { before, after }: FunctionPair): void {
    const problem = this.#namedProblem(before, after);
    this.named.add(problem ?? 'kept');
    if (problem !== undefined) return;
    this.#seen.add(before.body);
    const pair = `${advisory.id}:${advisory.package}:${before.path}:${before.startLine}`;
    this.#push(advisory, before, 'P1', pair);
    const fixProblem = this.#fixProblem(advisory, after);
    this.fixes.add(fixProblem ?? 'kept');
    if (after === undefined || fixProblem !== undefined) return;
    this.#seen.add(after.body);
    this.#push(advisory, after, 'P2', pair);
  }

  #namedProblem(before: ReleaseFunction, after: ReleaseFunction | undefined): string | undefined {
    const size = this.#sizeProblem(before) ?? (after && this.#sizeProblem(after));
    return size ?? (this.#seen.has(before.body) ? 'duplicate' : undefined);
  }

  #fixProblem(advisory: Advisory, after: ReleaseFunction | undefined): string | undefined {
    if (after === undefined) return 'function removed by the fix';
    if (this.#vulnerableBodies.has(after.body)) return 'vulnerable by another advisory';
    const releases = this.#vulnerableIn.get(functionKey(advisory, after)) ?? [];
    if (releases.some((release) => compareVersions(release, advisory.fixed) >= 0))
      return 'vulnerable again later';
    return this.#seen.has(after.body) ? 'duplicate' : undefined;
  }

  /** First each package its share, from the files of the fix before others; then what is missing, from all in turn. */
  addNegatives(): void {
    const ratio = this.#options.negativesPerPositive;
    const positives = countBy(
      this.records.filter((record) => record.set === 'P1'),
      (record) => record.project ?? '',
    );
    const ordered = negativeCandidates(this.#analysed, {
      ...this.#options,
      positives: this.records,
      isUsable: (candidate) => this.#negativeProblem(candidate) === undefined,
    });
    const pools = [...ordered].map(([project, candidates]) => ({
      candidates,
      wanted: Math.round((positives.get(project) ?? 0) * ratio),
    }));
    let missing = Math.round(this.named.of('kept') * ratio);
    for (const { candidates, wanted } of pools) missing -= this.#take(candidates, Math.min(wanted, missing));
    for (let taken = 1; missing > 0 && taken > 0; missing -= taken) {
      taken = 0;
      for (const { candidates } of pools) if (taken < missing) taken += this.#take(candidates, 1);
    }
    for (const { candidates } of pools) this.unchanged.add('not needed', candidates.length);
  }

  #take(candidates: Candidate[], wanted: number): number {
    let taken = 0;
    while (taken < wanted) {
      const next = candidates.pop();
      if (next === undefined) break;
      const problem = this.#negativeProblem(next);
      this.unchanged.add(problem ?? (next.other ? 'kept, other file' : 'kept, file of the fix'));
      if (problem !== undefined) continue;
      this.#seen.add(next.entry.body);
      this.#push(next.advisory, next.entry, 'P3', undefined);
      taken++;
    }
    return taken;
  }

  #negativeProblem({ advisory, entry }: Candidate): string | undefined {
    const size = this.#sizeProblem(entry);
    if (size !== undefined) return size;
    if (this.#vulnerableBodies.has(entry.body)) return 'vulnerable by an advisory';
    if (this.#vulnerableIn.has(functionKey(advisory, entry))) return 'vulnerable in another release';
    return this.#seen.has(entry.body) ? 'duplicate' : undefined;
  }

  #sizeProblem({ code }: ReleaseFunction): string | undefined {
    const { minTokens, maxTokensEstimate } = this.#options;
    if ((code.match(/[\w$]+|[^\s\w$]/g)?.length ?? 0) < minTokens) return 'too short';
    const tokens = code.length / CHARACTERS_PER_TOKEN;
    return maxTokensEstimate !== undefined && tokens > maxTokensEstimate ? 'too long' : undefined;
  }

  #push(advisory: Advisory, entry: ReleaseFunction, set: RecordSet, pair: string | undefined): void {
    const release = set === 'P2' ? advisory.fixed : advisory.vulnerable;
    this.records.push({
      id: this.#uniqueId(`${advisory.package}@${release}/${entry.path}:${entry.startLine}`),
      code: entry.code,
      target: set === 'P1' ? 1 : 0,
      set,
      ...(pair === undefined ? {} : { pair }),
      language: entry.language,
      project: advisory.package,
      path: entry.path,
      ...(entry.name === undefined ? {} : { function_name: entry.name }),
      ...(advisory.date === undefined ? {} : { date: advisory.date }),
      ...(set === 'P3' ? {} : advisoryFields(advisory)),
      release,
      qualified_name: entry.qualifiedName,
      start_line: entry.startLine,
      end_line: entry.endLine,
    });
  }

  #uniqueId(id: string): string {
    const count = (this.#ids.get(id) ?? 0) + 1;
    this.#ids.set(id, count);
    return count === 1 ? id : `${id}.${count}`;
  }
}

class Tally {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    this.#counts.set(reason, this.of(reason) + count);
  }

  of(reason: string): number {
    return this.#counts.get(reason) ?? 0;
  }

  counts(): Record<string, number> {
    return Object.fromEntries(
      [...this.#counts].filter(([, count]) => count > 0).sort(([a], [b]) => compare(a, b)),
    );
  }
}

function advisoryFields(advisory: Advisory): { cve?: string; advisory?: string; cwe: readonly string[] } {
  const named = advisory.id.startsWith('CVE-') ? { cve: advisory.id } : { advisory: advisory.id };
  return { ...named, cwe: advisory.cwe };
}

function functionKey(advisory: Advisory, entry: ReleaseFunction): string {
  return `${advisory.package} ${entry.path} ${entry.qualifiedName}`;
}

function sortKey(advisory: Advisory): string {
  return [advisory.package, advisory.date ?? '', advisory.id, advisory.vulnerable].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
