/**
 * @file The quickstart's scan: a package of the test part, in its vulnerable release, unpacked and scanned as any other
 * tree. None of its code is run.
 */
import { rmSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { functionsOfSource } from '../../source/extraction-job.ts';
import { languageOfPath } from '../../source/languages.ts';
import { contentProblem, isBuiltPath, pathProblem } from '../../source/source-filters.ts';
import { scan } from '../../workflows/scan/scan.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import type { ScannedPackage } from './ending.ts';

/** The source files of a release by path; undefined where its archive cannot be read. */
export type FetchRelease = (
  name: string,
  version: string,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, string> | undefined>;

/** Functions of the chosen package: enough to look like a package, few enough to be scored while one waits. */
export interface FunctionLimits {
  readonly least: number;
  readonly most: number;
}

export interface ScannablePackage {
  readonly name: string;
  readonly version: string;
  /** Its hand-written source files by path. */
  readonly files: ReadonlyMap<string, string>;
  /** The vulnerable functions that the test part has of this release. */
  readonly known: readonly LabelledRecord[];
}

/**
 * The first npm release, in the order of the test part, with as many functions as wanted; else the largest that is not too
 * large. Undefined when there is none, or none can be fetched.
 */
export async function choosePackage(
  test: readonly LabelledRecord[],
  fetch: FetchRelease,
  { least, most }: FunctionLimits,
  signal: AbortSignal,
): Promise<ScannablePackage | undefined> {
  let largest: { readonly functions: number; readonly chosen: ScannablePackage } | undefined;
  for (const { name, version, known } of vulnerableReleases(test)) {
    signal.throwIfAborted();
    const release = await fetch(name, version, signal).catch(() => undefined);
    if (release === undefined) continue; // Gone from the cache since, and no network.
    const files = handWritten(release);
    const functions = await countFunctions(files, most, signal);
    if (functions > most || functions <= (largest?.functions ?? 0)) continue;
    largest = { functions, chosen: { name, version, files, known } };
    if (functions >= least) break;
  }
  signal.throwIfAborted();
  return largest?.chosen;
}

function vulnerableReleases(
  test: readonly LabelledRecord[],
): { readonly name: string; readonly version: string; readonly known: readonly LabelledRecord[] }[] {
  const releases = new Map<string, { name: string; version: string; known: LabelledRecord[] }>();
  for (const record of test) {
    const { set, project: name, commit, language } = record;
    // A fix between two releases is named after both: 1.2.0...1.2.1.
    const version = commit?.split('...', 1)[0];
    // A name of another registry may be somebody else's package on npm.
    const isOfNpm = language === 'javascript' || language === 'typescript';
    if (set !== 'P1' || !isOfNpm || name === undefined || version === undefined) continue;
    const key = `${name}@${version}`;
    const entry = releases.get(key) ?? { name, version, known: [] };
    entry.known.push(record);
    releases.set(key, entry);
  }
  return [...releases.values()];
}

function handWritten(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...files].filter(
      ([path, text]) =>
        pathProblem(path) === undefined && !isBuiltPath(path) && contentProblem(text) === undefined,
    ),
  );
}

/** Stops counting where it is too many. */
async function countFunctions(
  files: ReadonlyMap<string, string>,
  most: number,
  signal: AbortSignal,
): Promise<number> {
  let functions = 0;
  for (const [path, source] of files) {
    const language = languageOfPath(path, source);
    if (functions > most) break;
    if (language === undefined) continue;
    functions += (await functionsOfSource({ source, language }, signal)).functions.length;
  }
  return functions;
}

/** Writes the package's sources to `folder` and scans them with the run. */
export async function scanPackage(
  { name, version, files, known }: ScannablePackage,
  { run, folder }: { readonly run: string; readonly folder: string },
  context: CliContext,
): Promise<ScannedPackage> {
  rmSync(folder, { recursive: true, force: true });
  // The paths come out of an archive; its reader lets none through that leaves the package.
  for (const [path, text] of files) writeFileAtomic(join(folder, path), text);
  const { report } = await scan(
    {
      run,
      paths: [folder],
      gitignore: false,
      includeTests: true,
      includeTrivial: true,
      nested: 'both',
      frames: 0,
    },
    reporting(context),
  );
  const findings = report.findings.map((finding) => ({
    ...finding,
    file: relative(folder, resolve(report.baseFolder, finding.file)).split(sep).join('/'),
  }));
  return { release: `${name} ${version}`, folder, report: { ...report, findings }, known };
}
