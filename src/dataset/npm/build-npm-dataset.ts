/**
 * @file Builds a dataset of vulnerable functions, their fixes and untouched functions out of published npm packages:
 * advisories → releases → functions → records → splits → files. Puts the steps together; each has its own file.
 */
import { createHash } from 'node:crypto';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import { fingerprint } from '../fingerprint.ts';
import { checkOutputFolder, writeDataset } from '../output/output-folder.ts';
import { type Fractions, SPLITS, type Split } from '../parts.ts';
import { type OnProgress, stopIfAborted } from '../progress.ts';
import type { LabelledRecord } from '../record.ts';
import { npmFetchOptions } from '../sources/releases/npm-client.ts';
import { splitByGroup } from '../splits/split-by-group.ts';
import { readAdvisories } from './advisories.ts';
import type { AnalysedAdvisory } from './analyse-advisory.ts';
import { analyseAll, type FetchRelease, type LeftOut } from './analyse-all.ts';
import { ANALYSIS_VERSION } from './analysis-cache.ts';
import { type DatasetInfo, formatCard, type SplitInfo } from './dataset-card.ts';
import { groupAlike } from './group-alike.ts';
import { fetchRelease } from './release.ts';
import { selectRecords } from './select-records.ts';

export interface BuildNpmOptions {
  /** Advisory facts, JSON lines. */
  readonly advisories: string;
  readonly outDir: string;
  /** Results of finished advisories; the archives themselves lie in npm's own cache. */
  readonly cacheDir: string;
  /** P3 for each P1; default 1. */
  readonly negativesPerPositive?: number;
  /** Lengths of P3: natural (default) or matched to those of the package's P1. */
  readonly negativeLengths?: 'natural' | 'matched';
  readonly seed?: number;
  /** Default 0.7, 0.15, 0.15. */
  readonly fractions?: Fractions;
  /** Advisories at once, 1 to 4; default 4. */
  readonly concurrency?: number;
  /** Functions of fewer words and signs are left out; default 12. */
  readonly minTokens?: number;
  /** Longer functions (estimated tokens) are left out with their partner; default: none are. */
  readonly maxTokensEstimate?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** Another way to get a release; default: the npm client with the user's configuration. */
  readonly fetch?: FetchRelease;
}

export interface BuildResult {
  readonly outDir: string;
  readonly info: DatasetInfo;
  readonly leftOut: readonly LeftOut[];
}

/**
 * The same advisories, options and fetched releases give the same bytes. Stopped by `signal` it writes nothing into
 * `outDir`; run again it goes on from what is fetched.
 * @throws VultuneError `DATASET_OPTION`, `OUTPUT_EXISTS`, `DATASET_NOTHING_BUILT` (nothing could be fetched),
 * `DATASET_BUILD_STOPPED`; as `readAdvisories` and `writeFileAtomic`.
 */
export async function buildNpmDataset(options: BuildNpmOptions): Promise<BuildResult> {
  const settings = checkOptions(options);
  checkOutputFolder(options.outDir);
  const advisories = await readAdvisories(options.advisories);
  const { analysed, leftOut } = await analyseAll(advisories, {
    ...pickDefined({ onProgress: options.onProgress, signal: options.signal }),
    fetch: options.fetch ?? npmFetch(),
    cacheDir: options.cacheDir,
    concurrency: settings.concurrency,
    otherFiles: otherFilesFor(settings.negativesPerPositive),
  });
  options.onProgress?.({ phase: 'select', done: 0, total: 1, message: 'filters, duplicates, splits' });
  const selection = selectRecords(analysed, settings);
  if (selection.records.length === 0) throw nothingBuilt(leftOut);
  const splits = splitRecords(selection.records, settings);
  const { concurrency: _, ...stated } = settings;
  const info: DatasetInfo = {
    format: 'vultune-dataset',
    formatVersion: 1,
    builder: { name: 'npm', version: ANALYSIS_VERSION },
    options: stated,
    advisories: {
      sha256: createHash('sha256').update(readTextFile(options.advisories)).digest('hex'),
      entries: advisories.length,
      packages: new Set(advisories.map((advisory) => advisory.package)).size,
      functions: advisories.reduce((sum, { functions }) => sum + functions.length, 0),
    },
    counts: { named: selection.named, fixes: selection.fixes, unchanged: selection.unchanged },
    splits: Object.fromEntries(SPLITS.map((split) => [split, describeSplit(splits[split])])) as Record<
      Split,
      SplitInfo
    >,
    leftOut: leftOut.map(({ message: _message, ...facts }) => facts),
    sources: sourcesOf(analysed),
  };
  stopIfAborted(options.signal);
  options.onProgress?.({ phase: 'write', done: 0, total: 1, message: options.outDir });
  writeDataset(options.outDir, splits, info, formatCard(info));
  return { outDir: options.outDir, info, leftOut };
}

interface Settings {
  readonly negativesPerPositive: number;
  readonly negativeLengths: 'natural' | 'matched';
  readonly seed: number;
  readonly fractions: Fractions;
  readonly minTokens: number;
  readonly maxTokensEstimate?: number;
  readonly concurrency: number;
}

function checkOptions(options: BuildNpmOptions): Settings {
  const settings = {
    negativesPerPositive: options.negativesPerPositive ?? 1,
    negativeLengths: options.negativeLengths ?? 'natural',
    seed: options.seed ?? 42,
    fractions: options.fractions ?? { train: 0.7, valid: 0.15, test: 0.15 },
    minTokens: options.minTokens ?? 12,
    ...pickDefined({ maxTokensEstimate: options.maxTokensEstimate }),
    concurrency: options.concurrency ?? 4,
  };
  const refuse = (name: string, found: number | string, expected: string) => {
    throw new VultuneError('DATASET_OPTION', `${name} is ${found}, expected ${expected}`, {
      where: { name },
    });
  };
  const { negativesPerPositive, fractions, concurrency, seed } = settings;
  if (!(negativesPerPositive >= 0 && negativesPerPositive <= 1000)) {
    refuse('negativesPerPositive', negativesPerPositive, 'a number from 0 to 1000');
  }
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 4) {
    refuse('concurrency', concurrency, 'a whole number from 1 to 4');
  }
  if (!Number.isSafeInteger(seed)) refuse('seed', seed, 'a whole number');
  const shares = SPLITS.map((split) => fractions[split]);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.some((share) => !(share >= 0)) || Math.abs(total - 1) > 1e-6) {
    refuse('fractions', shares.join(', '), 'three numbers, none negative, that add up to 1');
  }
  return settings;
}

/** The client is configured once, and only when something has to be fetched. */
function npmFetch(): FetchRelease {
  let configured: ReturnType<typeof npmFetchOptions> | undefined;
  return async (name, version, { offline, signal }) => {
    configured ??= npmFetchOptions();
    const npmOptions = await configured;
    return fetchRelease(name, version, offline ? { ...npmOptions, offline } : npmOptions, signal);
  };
}

/** A power of two, so that changing the ratio a little still finds the cached results. */
function otherFilesFor(negativesPerPositive: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(64, negativesPerPositive * 16)));
}

/** By package; packages with near duplicates among their P1 and P2 go together. */
function splitRecords(
  records: readonly LabelledRecord[],
  settings: Settings,
): Record<Split, LabelledRecord[]> {
  const fixes = records.filter((record) => record.set !== 'P3');
  const alike = groupAlike(fixes.map(({ project, code }) => ({ group: project!, text: code })));
  const groupOf = (record: LabelledRecord) => alike.get(record.project!) ?? record.project!;
  const sizes = new Map<string, [vulnerable: number, all: number]>();
  for (const record of records) {
    const [vulnerable, all] = sizes.get(groupOf(record)) ?? [0, 0];
    sizes.set(groupOf(record), [vulnerable + record.target, all + 1]);
  }
  const groups = [...sizes].map(([name, counts]) => ({ name, sizes: counts }));
  const sides = splitByGroup(groups, settings.fractions, settings.seed);
  const order = (a: LabelledRecord, b: LabelledRecord) => (a.id! < b.id! ? -1 : 1);
  const side = (split: Split) => records.filter((record) => sides.get(groupOf(record)) === split).sort(order);
  return { train: side('train'), valid: side('valid'), test: side('test') };
}

function describeSplit(records: readonly LabelledRecord[]): SplitInfo {
  const { records: sha256, bodies } = fingerprint(records);
  const inSet = (set: string) => records.filter((record) => record.set === set).length;
  return {
    functions: records.length,
    P1: inSet('P1'),
    P2: inSet('P2'),
    P3: inSet('P3'),
    packages: new Set(records.map((record) => record.project)).size,
    sha256,
    bodies,
  };
}

function sourcesOf(analysed: readonly AnalysedAdvisory[]): DatasetInfo['sources'] {
  return analysed
    .map(({ advisory: { id, package: name, vulnerable, fixed }, analysis: { license, integrity } }) => ({
      id,
      package: name,
      license,
      vulnerable: { version: vulnerable, integrity: integrity.vulnerable },
      fixed: { version: fixed, integrity: integrity.fixed },
    }))
    .sort((a, b) =>
      `${a.package} ${a.id} ${a.fixed.version}` < `${b.package} ${b.id} ${b.fixed.version}` ? -1 : 1,
    );
}

function nothingBuilt(leftOut: readonly LeftOut[]): VultuneError {
  const first = leftOut[0];
  const because =
    first === undefined ? '' : `; the first, ${first.package}: ${first.reason} ${first.message}`;
  return new VultuneError('DATASET_NOTHING_BUILT', `no function could be taken from any package${because}`, {
    hint: 'packages are fetched as npm does: try `npm ping`, and look at `npm config get registry`',
  });
}

function pickDefined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
