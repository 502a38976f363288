/**
 * @file What a source of data is to the builder: changes that fixed something (files before and after), or records
 * that somebody labelled already. Where they come from is each source's business, what becomes of them the builder's.
 */
import type { Tally } from '../base/tally.ts';
import type { OnProgress } from './progress.ts';
import type { DatasetRecord } from './record.ts';

/** One file as a fix found it and as it left it; a side is undefined where the file did not exist. */
export interface FileChange {
  /** Where it is after the fix; a deleted file's old place. With `/`. */
  readonly path: string;
  /** Where it was before, when it was renamed. */
  readonly pathBefore?: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A function that an advisory names: by its name, or by where it begins in the vulnerable version. */
export interface NamedFunction {
  readonly path?: string;
  readonly name: string;
  /** 1-based. */
  readonly line?: number;
}

/** What is known of a fix; goes into the records made of it. */
export interface FixFacts {
  readonly project: string;
  /** A commit's hash, or two releases (`1.2.0...1.2.1`). */
  readonly commit: string;
  /** ISO 8601 day of the fix. */
  readonly date?: string;
  /** First one first. */
  readonly cve?: readonly string[];
  readonly cwe?: readonly string[];
  /** Functions that an advisory names as the vulnerable ones; undefined: whatever changed. */
  readonly named?: readonly NamedFunction[];
}

/** One fix: the unit of progress, of caching and of going on after a stop. */
export interface FixUnit {
  /** Names the unit and its content: the same key means the same files. */
  readonly key: string;
  readonly facts: FixFacts;
  /** Its changed files one after another, so that memory holds one at a time. What is skipped is tallied. */
  files(tally: Tally, signal: AbortSignal): AsyncIterable<FileChange>;
}

/** Goes into dataset.json and the card. */
export interface SourceInfo {
  /** As on the command line: git, project-kb, cvefixes, ... */
  readonly name: string;
  /** What was given: a path or URL, without secrets. */
  readonly location: string;
  readonly version?: string;
  readonly license?: string;
  /** The input's SHA-256, where it is a file. */
  readonly sha256?: string;
  /** Commits that were taken for fixes by their messages, so that a pattern can be judged; the first thousand. */
  readonly matched?: readonly MatchedCommit[];
}

export interface MatchedCommit {
  readonly commit: string;
  /** First line of the message. */
  readonly subject: string;
}

export interface SourceContext {
  readonly tally: Tally;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
  /** What the source does between two units; said beside the progress of gathering them. */
  readonly onMessage?: (message: string) => void;
  /** For downloads and clones, shared by all builds. */
  readonly cacheDir: string;
}

export interface RecordContext extends SourceContext {
  /** How much of the source is read, 0 to 1, where it knows. */
  readonly onShare?: (share: number) => void;
}

export interface ChangeSource {
  readonly kind: 'changes';
  readonly info: SourceInfo;
  /** In an order that does not depend on timing. `count` is known early where it can be, for the estimate. */
  units(context: SourceContext): AsyncIterable<FixUnit>;
  readonly count?: number | undefined;
}

export interface RecordSource {
  readonly kind: 'records';
  readonly info: SourceInfo;
  /**
   * Names the records and all that they depend on (file, its size and time, options): the same key means the same
   * records, so that what was made of them can be used again. Undefined: never is.
   */
  readonly cacheKey?: string;
  /** Streamed; a record may carry `split` ("train", "valid", "test") where the source says so. */
  records(context: RecordContext): AsyncIterable<DatasetRecord>;
}

export type DatasetSource = ChangeSource | RecordSource;
