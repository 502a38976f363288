/**
 * @file Findings → the functions that they stand in, file by file: which files are to be read, which functions of them are to be
 * scored, and in the end what each finding got. Runs no model and reads no source.
 */

import { bandOf } from '../scan/bands.ts';
import type { FileOutline, FunctionOutline, ReadNote, SkipReason } from '../scan/finding.ts';
import type { ScannedFunction } from '../scan/scan-files.ts';
import { Notices } from '../scan/walk/notices.ts';
import type { SourceFile } from '../scan/walk/walk-tree.ts';
import { languageOfPath } from '../source/languages.ts';
import { artifactPlace, pathFromRoot } from './artifact-path.ts';
import type { UnrankedFinding } from './rank-findings.ts';
import type { SarifInput } from './read-sarif.ts';
import { fileFunctions, regionFunctions } from './region-functions.ts';
import type { JudgedFunction, ScannerFinding, Unscored } from './triaged.ts';

export interface LocateOptions {
  readonly realRoot: string;
  /** On the scale of the scores. */
  readonly threshold: number;
  /** No function below it is uncertain. */
  readonly uncertainFrom?: number | undefined;
  /** Findings that the scanner itself marks as none get a score too: where its marks are the labels. */
  readonly withNotProblems: boolean;
}

interface Located {
  readonly finding: ScannerFinding;
  readonly path?: string;
  readonly shown?: string | undefined;
  line?: number | undefined;
  unscored?: Unscored | undefined;
  functions?: readonly FunctionOutline[];
}

export class FindingLocator {
  readonly #located: readonly Located[];
  readonly #byPath = new Map<string, Located[]>();
  readonly #scores = new Map<string, JudgedFunction>();
  readonly #options: LocateOptions;
  /** To be given to the reader of the files: it says there what it left out. */
  readonly notices: Notices;

  /** Looks for every finding's file. Throws the signal's reason when it is aborted. */
  constructor({ findings, runs }: SarifInput, options: LocateOptions, signal: AbortSignal) {
    this.#options = options;
    const known = new Map<string, ReturnType<typeof artifactPlace>>();
    this.#located = findings.map((finding): Located => {
      const { run, artifact } = finding;
      const key = JSON.stringify([run, artifact?.uri, artifact?.uriBaseId, artifact?.index]);
      let place = known.get(key);
      if (place === undefined) {
        signal.throwIfAborted();
        place = artifactPlace(artifact, runs[run]!, options.realRoot);
        known.set(key, place);
      }
      return { finding, ...this.#fileOf(finding, place) };
    });
    for (const one of this.#located) {
      if (one.path === undefined || one.unscored !== undefined) continue;
      const same = this.#byPath.get(one.path);
      if (same === undefined) this.#byPath.set(one.path, [one]);
      else same.push(one);
    }
    this.notices = new FileNotices((path, unscored) => {
      for (const one of this.#byPath.get(path) ?? []) one.unscored ??= unscored;
    });
  }

  #fileOf(
    { notProblem, isAbsent, region }: ScannerFinding,
    place: ReturnType<typeof artifactPlace>,
  ): Omit<Located, 'finding'> {
    const line = region?.startLine;
    if (!('path' in place)) return { shown: place.shown, line, unscored: { reason: place.refused } };
    const at = { path: place.path, line };
    if (isAbsent) return { ...at, unscored: { reason: 'absent' } };
    if (notProblem !== undefined && !this.#options.withNotProblems) {
      return { ...at, unscored: { reason: 'not a problem', detail: notProblem } };
    }
    if (languageOfPath(place.path) !== undefined) return at;
    return { ...at, unscored: { reason: 'file not read', detail: 'unknown language' } };
  }

  /** In the order of their names. */
  files(): readonly SourceFile[] {
    return [...this.#byPath.keys()]
      .toSorted()
      .map((path) => ({ path, language: languageOfPath(path)!, isNamed: true }));
  }

  /** The functions of a file that findings stand in. */
  choose({ path }: SourceFile, outline: FileOutline, text: string): readonly FunctionOutline[] {
    const file = fileFunctions(text, outline);
    const chosen = new Set<FunctionOutline>();
    for (const one of this.#byPath.get(path) ?? []) {
      const found = regionFunctions(one.finding.region, file, one.finding.columnKind);
      one.line = found.line ?? one.line;
      if ('unscored' in found) one.unscored = found.unscored;
      else {
        one.functions = found.functions;
        for (const outlined of found.functions) chosen.add(outlined);
      }
    }
    return outline.functions.filter((one) => chosen.has(one));
  }

  /** A function that was scored. */
  add({ file, outline, score: { score, truncated } }: ScannedFunction): void {
    const { name, startLine, endLine } = outline;
    const band = bandOf(score, this.#options);
    this.#scores.set(scoreKey(file.path, outline), { name, startLine, endLine, score, band, truncated });
  }

  /** In the scanner's order. */
  found(): readonly UnrankedFinding[] {
    return this.#located.map((one): UnrankedFinding => {
      const { finding, path, shown, line, unscored } = one;
      const file = path === undefined ? shown : pathFromRoot(this.#options.realRoot, path);
      const judged = unscored === undefined ? this.#highest(one) : undefined;
      return {
        finding,
        file,
        line,
        judged,
        unscored: judged === undefined ? (unscored ?? { reason: 'stopped' }) : undefined,
      };
    });
  }

  /** Undefined where one of them has no score yet: it might be the highest. */
  #highest({ path, functions = [] }: Located): JudgedFunction | undefined {
    const judged = functions.map((one) => this.#scores.get(scoreKey(path!, one)));
    if (judged.includes(undefined)) return undefined;
    return (judged as JudgedFunction[]).toSorted((a, b) => b.score - a.score)[0];
  }
}

const scoreKey = (path: string, { start, end }: FunctionOutline) => `${start}:${end}:${path}`;

/** Files that have no functions to choose from, by what the reader says of them. */
const NOT_READ: ReadonlySet<SkipReason | ReadNote> = new Set([
  'binary',
  'too large',
  'unreadable',
  'not a file',
  'minified',
]);

class FileNotices extends Notices {
  readonly #onNotRead: (path: string, unscored: Unscored) => void;

  constructor(onNotRead: (path: string, unscored: Unscored) => void) {
    super();
    this.#onNotRead = onNotRead;
  }

  override add(reason: SkipReason | ReadNote, path: string, detail?: string, count?: number): void {
    super.add(reason, path, detail, count);
    if (NOT_READ.has(reason)) this.#onNotRead(path, { reason: 'file not read', detail: reason });
  }
}
