/** @file From scored functions, one after the other, to the report's findings: bands, suppressions, baseline, what is hidden, the order. */
import { relative, sep } from 'node:path';
import { bandOf } from './bands.ts';
import { type BaselineEntry, splitByBaseline } from './baseline.ts';
import { isPast } from './expiry.ts';
import type { Expired, Finding, ScanCounts, ScanReport, SuppressionProblem } from './finding.ts';
import { foldNested, type Nested } from './nested-findings.ts';
import type { ScanFilesCounts, ScannedFunction } from './scan-files.ts';
import type { SourceFile } from './walk/walk-tree.ts';

export interface CollectOptions {
  readonly baseFolder: string;
  /** The threshold on the scores as they come in. */
  readonly threshold: number;
  /** No function below it is uncertain, whatever its odds; on the scale of `threshold`. */
  readonly uncertainFrom?: number | undefined;
  /** To the scale that is reported, in the same order; default: as they are. */
  readonly shift?: (score: number) => number;
  /** On the scale that is reported. */
  readonly minConfidence: number;
  readonly baseline: readonly BaselineEntry[];
  /** How many of the most certain findings keep their code. */
  readonly framed: number;
  /** Suppressions and entries of the baseline hold until a day. */
  readonly now?: Date;
  /** What becomes of a finding in another one; default: both are reported. */
  readonly nested?: Nested;
  /** Findings listed at most; default: all. */
  readonly top?: number | undefined;
}

export interface CollectedFindings {
  readonly findings: readonly Finding[];
  /** With the known ones: what a new baseline is made of. */
  readonly unsuppressed: readonly Finding[];
  readonly suppressed: readonly Finding[];
  readonly changed: readonly Finding[];
  readonly suppressionProblems: ScanReport['suppressionProblems'];
  readonly expired: readonly Expired[];
  readonly counts: Omit<ScanCounts, keyof ScanFilesCounts>;
}

/** A frame shows a few lines; a generated function of megabytes is not kept for them. */
const MOST_CODE_CHARACTERS = 20_000;

export class FindingCollector {
  readonly #options: CollectOptions;
  readonly #reported: Finding[] = [];
  readonly #suppressed: Finding[] = [];
  readonly #changed: Finding[] = [];
  readonly #expired = new Map<string, Expired>();
  readonly #problems: ScanReport['suppressionProblems'][number][] = [];
  #codes = new Map<Finding, Pick<Finding, 'code' | 'context'>>();
  #safe = 0;
  #hidden = 0;

  constructor(options: CollectOptions) {
    this.#options = options;
  }

  add(scanned: ScannedFunction): void {
    const finding = this.#current(this.#findingOf(scanned));
    if (scanned.before !== undefined) this.#changed.push(finding);
    if (finding.suppression !== undefined) this.#suppressed.push(finding);
    else if (finding.band === 'safe') this.#safe++;
    else if (finding.score < this.#options.minConfidence) this.#hidden++;
    else {
      this.#reported.push(finding);
      this.#keepCode(finding, scanned);
    }
  }

  addProblem(file: SourceFile, problem: SuppressionProblem): void {
    this.#problems.push({ file: this.pathOf(file.path), ...problem });
  }

  collected(): CollectedFindings {
    const unsuppressed = this.#reported.toSorted(mostCertainFirst);
    const {
      fresh: unknown,
      known,
      expired,
    } = splitByBaseline(unsuppressed, this.#options.baseline, this.#options.now);
    // After the baseline: how findings are folded must not bring known ones back.
    const fresh = foldNested(unknown, this.#options.nested ?? 'both');
    const framed = fresh.slice(0, this.#options.framed);
    const listed = fresh.slice(0, this.#options.top);
    const findings = listed.map((one, i) => {
      return i < framed.length ? { ...one, ...this.#codes.get(one) } : one;
    });
    return {
      findings,
      unsuppressed,
      suppressed: this.#suppressed.toSorted(mostCertainFirst),
      changed: this.#changed.toSorted(mostCertainFirst),
      // Files are read side by side: by place, whichever is done first.
      suppressionProblems: this.#problems.toSorted(byPlace),
      expired: [...this.#expired.values(), ...expired].toSorted(byPlace),
      counts: {
        vulnerable: fresh.filter(({ band }) => band === 'vulnerable').length,
        uncertain: fresh.filter(({ band }) => band === 'uncertain').length,
        safe: this.#safe,
        suppressed: this.#suppressed.length,
        known: known.length,
        hidden: this.#hidden,
        folded: unknown.length - fresh.length,
        unlisted: fresh.length - listed.length,
      },
    };
  }

  /** Without a suppression whose day is past. */
  #current(finding: Finding): Finding {
    const { suppression, ...rest } = finding;
    const { until, reason, author, line } = suppression ?? {};
    if (until === undefined || !isPast(until, this.#options.now ?? new Date())) return finding;
    const { file, name } = finding;
    // One comment may speak of a function and all that are in it.
    const key = `${file}:${line}`;
    if (!this.#expired.has(key)) {
      this.#expired.set(key, {
        kind: 'comment',
        file,
        name,
        until,
        ...(line === undefined ? {} : { line }),
        ...(author === undefined ? {} : { author }),
        ...(reason === undefined ? {} : { reason }),
      });
    }
    return rest;
  }

  #findingOf({ file, outline, score, before }: ScannedFunction): Finding {
    const { name, fingerprint, startLine, startColumn, endLine, endColumn, suppression } = outline;
    const { shift = (value: number) => value } = this.#options;
    const band = bandOf(score.score, this.#options);
    return {
      file: this.pathOf(file.path),
      language: file.language,
      name,
      fingerprint,
      startLine,
      startColumn,
      endLine,
      endColumn,
      score: shift(score.score),
      band,
      truncated: score.truncated,
      ...(suppression === undefined ? {} : { suppression }),
      // The guess holds only if the function is vulnerable, so one that looks safe does not carry it.
      ...(score.cwes === undefined || band === 'safe' ? {} : { cwe: score.cwes }),
      ...(before === undefined ? {} : { scoreBefore: before === null ? null : shift(before.score) }),
    };
  }

  /** As findings name a file. */
  pathOf(path: string): string {
    return pathWithin(this.#options.baseFolder, path);
  }

  /** The baseline may take away any of the first: twice as many and the baseline's own are kept in hand. */
  #keepCode(finding: Finding, { code, context }: ScannedFunction): void {
    const room = 2 * this.#options.framed + Math.min(1000, this.#options.baseline.length);
    this.#codes.set(finding, {
      code: code.slice(0, MOST_CODE_CHARACTERS),
      ...(context === '' ? {} : { context }),
    });
    if (this.#codes.size <= 2 * room) return;
    const kept = [...this.#codes].sort(([a], [b]) => mostCertainFirst(a, b)).slice(0, room);
    this.#codes = new Map(kept);
  }
}

/** With `/`: relative to the folder, absolute for a path outside. */
export function pathWithin(baseFolder: string, path: string): string {
  const inside = relative(baseFolder, path).split(sep).join('/');
  return inside.startsWith('../') ? path.split(sep).join('/') : inside || '.';
}

function mostCertainFirst(a: Finding, b: Finding): number {
  return b.score - a.score || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.startLine - b.startLine);
}

const byPlace = (
  a: { readonly file: string; readonly line?: number },
  b: { readonly file: string; readonly line?: number },
) => (a.file < b.file ? -1 : a.file > b.file ? 1 : (a.line ?? 0) - (b.line ?? 0));
