/**
 * @file The quickstart's scan: a package of the test part, in its vulnerable release, unpacked and scanned as any other
 * tree; the few most certain findings, and where the known vulnerable functions came out. None of its code is run.
 */
import { rmSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { formatMetric } from '../../base/numbers.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Finding, ScanReport } from '../../scan/finding.ts';
import { functionsOfSource } from '../../source/extraction-job.ts';
import { languageOfPath } from '../../source/languages.ts';
import { contentProblem, isBuiltPath, pathProblem } from '../../source/source-filters.ts';
import { scan } from '../../workflows/scan/scan.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import { reporting } from '../display/terminal-reporter.ts';

/** The source files of a release by path; undefined where its archive cannot be read. */
export type FetchRelease = (
  name: string,
  version: string,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, string> | undefined>;

/** Of the chosen package: enough to look like a package, few enough to be scored while one waits. */
export interface FunctionLimits {
  readonly least: number;
  readonly most: number;
}

const SHOWN = 3;

export interface ScannablePackage {
  readonly name: string;
  readonly version: string;
  /** Its hand-written source files by path. */
  readonly files: ReadonlyMap<string, string>;
  /** The vulnerable functions that the test part has of this release. */
  readonly known: readonly LabelledRecord[];
}

/**
 * The first release, in the order of the test part, with as many functions as wanted; else the largest that is not too
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
    const { set, project: name, commit } = record;
    // A fix between two releases is named after both: 1.2.0...1.2.1.
    const version = commit?.split('...', 1)[0];
    if (set !== 'P1' || name === undefined || version === undefined) continue;
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

/** Writes the package's sources to `folder`, scans them with the run, and says in a few lines what came out. */
export async function scanPackage(
  { name, version, files, known }: ScannablePackage,
  { run, folder }: { readonly run: string; readonly folder: string },
  context: CliContext,
): Promise<void> {
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
  context.stdout.write(describeScan({ ...report, findings }, `${name} ${version}`, known, context));
}

/** Exported for tests. The findings' files are relative to the package. */
export function describeScan(
  { counts, findings, complete }: ScanReport,
  release: string,
  known: readonly LabelledRecord[],
  { stdout }: Pick<CliContext, 'stdout'>,
): string {
  const { colors } = stdout;
  const columns = [{ heading: 'score' }, { heading: 'predicted' }, { heading: 'where' }];
  const rows = findings.slice(0, SHOWN).map((finding) => {
    const { score, band, file, startLine, name } = finding;
    const record = known.find((one) => isSame(finding, one));
    const note = record === undefined ? '' : ` = ${record.cve ?? 'known to be vulnerable'}`;
    const called = band === 'vulnerable' ? colors.bad(band) : colors.warning(band);
    return [score.toFixed(3), called, harmless(`${file}:${startLine}  ${name}${note}`)];
  });
  const { functions, files, vulnerable, uncertain, safe } = counts;
  return [
    ...(rows.length === 0 ? [] : [renderTable(columns, rows, stdout)]),
    `${functions} functions in ${files} ${files === 1 ? 'file' : 'files'} of ${harmless(release)}: `,
    `${vulnerable} vulnerable, ${uncertain} uncertain, ${safe} safe${complete ? '' : ' (stopped before the end)'}\n`,
    ...known.map((record) => `${placeOf(record, findings, functions)}\n`),
  ].join('');
}

/** "CVE-2021-32640 is completeUpgrade (lib/websocket-server.js:261): rank 7 of 84, score 0.412". */
function placeOf(record: LabelledRecord, findings: readonly Finding[], functions: number): string {
  const at = findings.findIndex((finding) => isSame(finding, record));
  const what = harmless(
    `${record.cve ?? 'the known vulnerability'} is ${record.function_name ?? 'a function'} (${record.path}:${record.start_line})`,
  );
  if (at === -1) return `${what}: predicted safe`;
  const { score } = findings[at]!;
  const alike = findings.filter((finding) => finding.score === score).length;
  const tied = alike > 1 ? `, tied with ${alike - 1} other${alike === 2 ? '' : 's'}` : '';
  return `${what}: rank ${at + 1} of ${functions}, score ${formatMetric(score)}${tied}`;
}

function isSame({ file, startLine }: Finding, { path, start_line: line }: LabelledRecord): boolean {
  return file === path && startLine === line;
}
