/**
 * @file One advisory and its two releases: the named functions before and after the fix, and functions that the fix
 * left alone. Decides what a function is evidence of; which of them enter a dataset is select-records.ts's business.
 */
import { createHash } from 'node:crypto';
import { contentProblem, isBuiltPath, pathProblem } from '../../source/source-filters.ts';
import type { Advisory, NamedFunction } from './advisories.ts';
import type { Release } from './release.ts';
import { type ReleaseFunction, ReleaseReader } from './release-functions.ts';

/** A named function before and, unless the fix removed it, after the fix. */
export interface FunctionPair {
  readonly before: ReleaseFunction;
  readonly after?: ReleaseFunction;
}

/** Why a named function gives no example. */
export type PairProblem =
  | 'not found'
  | 'test code'
  | 'vendored'
  | 'minified'
  | 'generated'
  | 'does not parse'
  | 'unchanged but for layout'
  | 'only a version string changed'
  | 'only inner functions changed';

export interface Analysis {
  readonly license: string;
  readonly integrity: { readonly vulnerable: string; readonly fixed: string };
  readonly pairs: readonly FunctionPair[];
  readonly problems: readonly {
    readonly file: string;
    readonly line: number;
    readonly problem: PairProblem;
  }[];
  /** Unchanged functions of the files with named ones, in the order of the source. */
  readonly sameFiles: readonly ReleaseFunction[];
  /** Unchanged functions of other files: a part of them, the same for the same release. */
  readonly otherFiles: readonly ReleaseFunction[];
}

export interface AnalysedAdvisory {
  readonly advisory: Advisory;
  readonly analysis: Analysis;
}

/** `otherFiles`: about how many unchanged functions of other files to look for. */
export function analyseAdvisory(
  advisory: Advisory,
  releases: { readonly vulnerable: Release; readonly fixed: Release },
  otherFiles: number,
): Analysis {
  const reader = new ReleaseReader(releases.vulnerable, releases.fixed);
  const pairs: FunctionPair[] = [];
  const problems: { file: string; line: number; problem: PairProblem }[] = [];
  for (const named of advisory.functions) {
    const pair = findPair(reader, releases.vulnerable, named);
    if (typeof pair === 'string') problems.push({ file: named.file, line: named.line, problem: pair });
    else pairs.push(pair);
  }
  const namedFiles = new Set(
    advisory.functions.flatMap(({ file, copies = [] }) => [file, ...copies.map((copy) => copy.file)]),
  );
  return {
    license: releases.vulnerable.license,
    integrity: { vulnerable: releases.vulnerable.integrity, fixed: releases.fixed.integrity },
    pairs,
    problems,
    sameFiles: [...new Set(advisory.functions.map(({ file }) => file))]
      .filter((file) => isOwnSource(releases.vulnerable, file))
      .flatMap((file) => reader.unchangedFunctions(file))
      .filter((candidate) => !overlapsNamed(candidate, advisory.functions)),
    otherFiles: unchangedElsewhere(reader, releases.vulnerable, namedFiles, otherFiles),
  };
}

function findPair(reader: ReleaseReader, release: Release, named: NamedFunction): FunctionPair | PairProblem {
  const file = release.files.get(named.file);
  const found = file === undefined ? undefined : reader.locate(named);
  if (file === undefined || found === undefined) return 'not found';
  const problem = pathProblem(named.file) ?? contentProblem(file.text);
  if (problem !== undefined) return problem === 'test' ? 'test code' : problem;
  if (!found.before.parses) return 'does not parse';
  if (found.after === undefined) return { before: found.before.entry };
  if (!found.after.parses) return 'does not parse';
  if (found.before.text === found.after.text) return 'unchanged but for layout';
  if (maskVersions(found.before.text) === maskVersions(found.after.text))
    return 'only a version string changed';
  if (found.before.ownText === found.after.ownText && isWrapper(found.before.text, found.before.ownText)) {
    return 'only inner functions changed';
  }
  return { before: found.before.entry, after: found.after.entry };
}

function maskVersions(text: string): string {
  return text.replace(/\bv?\d+\.\d+\.\d+(?:-[\w.]+)?\b/g, '0.0.0');
}

/** A function of which most is other functions: a module in a function, a plugin's frame. */
function isWrapper(text: string, ownText: string): boolean {
  return ownText.length < text.length / 4;
}

function isOwnSource(release: Release, path: string): boolean {
  const file = release.files.get(path);
  return file !== undefined && pathProblem(path) === undefined && contentProblem(file.text) === undefined;
}

/** A function inside a vulnerable one is part of it, and one around it is vulnerable too. */
function overlapsNamed(candidate: ReleaseFunction, functions: readonly NamedFunction[]): boolean {
  return functions.some(
    ({ file, line, end }) =>
      file === candidate.path && candidate.startLine <= end && candidate.endLine >= line,
  );
}

function unchangedElsewhere(
  reader: ReleaseReader,
  release: Release,
  namedFiles: ReadonlySet<string>,
  wanted: number,
): ReleaseFunction[] {
  const out: ReleaseFunction[] = [];
  for (const path of scatter([...release.files.keys()])) {
    if (out.length >= wanted) break;
    if (namedFiles.has(path) || isBuiltPath(path) || !isOwnSource(release, path)) continue;
    out.push(...reader.unchangedFunctions(path));
  }
  return out;
}

/** An order that depends on the names alone and takes neighbours from far apart. */
function scatter(paths: readonly string[]): string[] {
  return paths
    .map((path) => ({ path, key: createHash('sha256').update(path).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ path }) => path);
}
