/**
 * @file What a scan is about: a function where it stands, what was found out about it, and the whole scan's result.
 * Types only; every other file of this folder speaks in them.
 */
import type { FunctionContext } from '../dataset/changes/function-context.ts';
import type { CweProbability } from '../evaluation/cwe/cwe-probability.ts';
import type { MeasuredRanking } from '../evaluation/measured-ranking.ts';
import type { Language } from '../source/languages.ts';
import type { SupportingCode } from '../source/supporting-code.ts';

/** vulnerable: from the threshold on, as `predict` labels it. uncertain: below, but not clearly. */
export type Band = 'vulnerable' | 'uncertain' | 'safe';

/** Lines and columns are 1-based; columns count UTF-16 units; the end column is exclusive, as in SARIF. */
export interface FunctionPlace {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A comment in the source that says why a function is not to be reported. */
export interface Suppression {
  readonly reason: string;
  readonly author?: string;
  /** The last day on which it holds: `2027-01-31`. */
  readonly until?: string;
  /** The comment's line. */
  readonly line: number;
}

/** Why the text of a function says nothing about a fault. */
export type TrivialBody = 'empty body' | 'one value';

export type OutlineContext = Pick<FunctionContext, 'text' | 'cut'>;

/** What is known of a function without its text: small enough to keep a hundred thousand of them. */
export interface FunctionOutline extends FunctionPlace {
  /** With its owners: `Server.prototype.listen`. */
  readonly name: string;
  /** UTF-16 offsets into the file's text. */
  readonly start: number;
  readonly end: number;
  /** The key of the exact text that the model reads: the function's own, behind its context. */
  readonly codeKey: string;
  /** What of the file is read in front of it; missing where functions are read alone. */
  readonly context?: OutlineContext;
  /** The hash of the text without comments and white space. */
  readonly bodyHash: string;
  /** Stays when lines move, white space changes or the file is renamed; changes with the body. */
  readonly fingerprint: string;
  readonly suppression?: Suppression;
  readonly trivial?: TrivialBody;
}

/** A `vultune-ignore` that does not work: without a reason, with `until` and no day, or beside no function. */
export interface SuppressionProblem {
  readonly line: number;
  readonly kind: 'reason-missing' | 'date-wrong' | 'no-function';
}

export interface FileOutline {
  readonly functions: readonly FunctionOutline[];
  readonly problems: readonly SuppressionProblem[];
  /** Why the file was not parsed; it has no functions then. */
  readonly refused?: string;
  /** A stretch of it does not parse; the functions around are there. */
  readonly hasErrors?: boolean;
  /** Where functions stand that could not be read: nothing judges them. */
  readonly unread?: readonly { readonly startLine: number; readonly endLine: number }[];
  /** Code outside functions does more than declare things. */
  readonly hasOutsideCode?: boolean;
  /** A comment at its head says that a program wrote it. */
  readonly isGenerated?: boolean;
}

/** The function of the training data that a finding looks most like. */
export interface NearestKnown {
  readonly id: string;
  readonly cve?: string;
  readonly cwe?: readonly string[];
  /** 0..1 */
  readonly similarity: number;
}

export interface Finding extends FunctionPlace {
  /** Relative to the scan's base folder, with `/`; absolute for a file outside. */
  readonly file: string;
  readonly language: Language;
  readonly name: string;
  readonly fingerprint: string;
  /** Probability of vulnerable. */
  readonly score: number;
  readonly band: Band;
  /** Whether the function was longer than what the model read of it. */
  readonly truncated: boolean;
  readonly suppression?: Suppression;
  /** With `--diff`: the score before the change; null for a function that is new. */
  readonly scoreBefore?: number | null;
  /** One a line of the function: how much it says for "vulnerable", below 0 for "safe". Where the code is kept. */
  readonly lineScores?: readonly number[];
  /** Its likely CWEs if it is vulnerable, most probable first: what a CWE head says. */
  readonly cwe?: readonly CweProbability[];
  readonly nearest?: NearestKnown;
  /** As the model read it; kept for the most certain findings only. */
  readonly code?: string;
  /** What the model read in front of `code`; kept with it, and missing where that is nothing. */
  readonly context?: string;
}

export type SkipReason =
  | SupportingCode
  | TrivialBody
  | 'generated code'
  | 'binary'
  | 'too large'
  | 'minified'
  | 'unreadable'
  | 'symbolic link'
  | 'not a file'
  | 'unknown language'
  | 'not parsed'
  | 'unread function'
  /** By .gitignore, and git does not track it. */
  | 'ignored'
  /** node_modules */
  | 'package folder'
  /** Not checked out: its folder is empty. */
  | 'submodule'
  /** With `--diff`: the commit says nothing of it. */
  | 'outside the repository';

/** Read all the same, but worth saying. */
export type ReadNote =
  /** Where the model reads functions with code of their file: their number. */
  | 'no context'
  | 'context cut'
  | 'not UTF-8'
  | 'changed while read'
  | 'parsed in part'
  | 'code outside functions'
  | 'index not read'
  /** With `--diff`: all of its functions count as new. */
  | 'submodule without its commit'
  | 'earlier version missing';

export interface Noticed {
  readonly reason: SkipReason | ReadNote;
  /** Files; for functions that were not read, functions. */
  readonly count: number;
  /** Where functions are counted: the files they stand in. */
  readonly files?: number;
  /** The first few. */
  readonly examples: readonly string[];
}

export interface ScanCounts {
  readonly files: number;
  readonly functions: number;
  /** Files that were read and have no function. */
  readonly withoutFunctions: number;
  /** Those of them that have code outside functions. */
  readonly onlyOutsideCode: number;
  readonly vulnerable: number;
  readonly uncertain: number;
  readonly safe: number;
  readonly suppressed: number;
  /** In the baseline. */
  readonly known: number;
  /** Below `--min-confidence`. */
  readonly hidden: number;
  /** Reported, but not among the first that `--top` lists; they are in `vulnerable` and `uncertain`. */
  readonly unlisted: number;
  /** In another finding, or around one that explains it. */
  readonly folded: number;
}

/** A decision that held until its day; what it kept from the report is reported again. */
export interface Expired {
  readonly kind: 'comment' | 'baseline';
  readonly file: string;
  /** The comment's. */
  readonly line?: number;
  /** The function's. */
  readonly name: string;
  readonly until: string;
  readonly author?: string;
  /** The comment's. */
  readonly reason?: string;
}

/** A file of settings that a scan went by. */
export interface UsedSettings {
  /** As the user would type it where the scan ran. */
  readonly file: string;
  /** Those of its keys that counted: what was typed wins. */
  readonly keys: readonly string[];
}

/** What another precision than the training's does to scores, as it was measured on a few functions. */
export interface ScanPrecision {
  readonly weightFormat: string;
  readonly trainedIn: string;
  /** The largest difference of a score, before calibration and blend. */
  readonly largestDifference: number;
  readonly functions: number;
  /** The same in words. */
  readonly sentence: string;
}

export interface ScanReport {
  readonly version: string;
  /** As the user named it. */
  readonly run: string;
  readonly adapterFingerprint: string;
  /** Absolute: what `Finding.file` is relative to. */
  readonly baseFolder: string;
  readonly threshold: number;
  /** No function below it is uncertain, whatever its odds; on the scale of `threshold`. */
  readonly uncertainFrom?: number;
  /** Missing where no file of settings was used. */
  readonly settings?: UsedSettings;
  /** Where the threshold is from, in words. */
  readonly thresholdSource: string;
  /** What the scores are, in words, where they are a blend's and not the model's alone. */
  readonly blend?: string;
  /** Missing where the scores are in the precision that the model was trained in. */
  readonly precision?: ScanPrecision;
  /** Share of vulnerable functions that scores and threshold were moved to. */
  readonly prevalence?: number | undefined;
  /** How well the model ranks functions it was not trained on; missing where it was never measured. */
  readonly measured?: MeasuredRanking | undefined;
  /** How good the model's CWE head is, or why it names none; missing where it has none. */
  readonly cweHead?: string;
  /** What the reader has to know before relying on the scores; said by every output. */
  readonly cautions?: readonly string[];
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** False when it was stopped before the end. */
  readonly complete: boolean;
  readonly counts: ScanCounts;
  /** Most certain first. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly Finding[];
  /** With `--diff`: every changed function, whatever its band. */
  readonly changed?: readonly Finding[] | undefined;
  readonly noticed: readonly Noticed[];
  /** Suppressions and entries of the baseline. */
  readonly expired?: readonly Expired[];
  readonly suppressionProblems: readonly (SuppressionProblem & { readonly file: string })[];
}
