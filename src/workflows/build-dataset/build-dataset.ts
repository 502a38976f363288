/** @file Builds a dataset from sources of fixes and of labelled functions, with the page that shows it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { type BuildDatasetResult, buildDataset as build } from '../../dataset/builder/build-dataset.ts';
import type { BuildOptions } from '../../dataset/builder/build-options.ts';
import { isSameBuild } from '../../dataset/builder/same-build.ts';
import { type GatherShardResult, gatherShard } from '../../dataset/builder/shards/gather-shard.ts';
import type { DatasetSource } from '../../dataset/source.ts';
import { SOURCES, type SourceOptions } from '../../dataset/sources/registry.ts';
import type { Shard } from '../../shards/shard.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { buildProgress } from './build-progress.ts';
import { writeDatasetReport } from './dataset-report.ts';
import { parseSources } from './source-arguments.ts';

export interface BuildDatasetOptions
  extends Omit<BuildOptions, 'sources' | 'outDir' | 'cacheDir' | 'onProgress' | 'signal'> {
  /** `NAME=LOCATION`, as in `vultune data build`: `project-kb=statements`, `git=fixes.csv`; or sources that are open. */
  readonly sources: readonly (string | DatasetSource)[];
  /** The folder to write: train.jsonl, valid.jsonl, test.jsonl, README.md, dataset.json, report.html. */
  readonly out: string;
  /** What only some sources take, by their camel-case names: `repository`, `fixes`, `field` ... */
  readonly sourceOptions?: SourceOptions;
  /** Where clones and analysed fixes are kept; default: Vultune's cache. */
  readonly cacheDir?: string | undefined;
  /** Replace a dataset that the folder holds. Default: false, it is refused. */
  readonly force?: boolean;
  /** Write report.html. Default: true. */
  readonly report?: boolean;
  /** Count tokens in report.html with the tokenizer of this model, if it is on this machine; default: an estimate. */
  readonly baseModel?: string | undefined;
}

/** What a build is made of; tests bring their own. */
export interface BuildParts {
  readonly build: typeof build;
  /** Where what is fetched and analysed is kept unless told otherwise. */
  readonly cacheDir: () => Promise<string>;
  /** Writes report.html into the built dataset. */
  readonly report?: typeof writeDatasetReport;
}

const PARTS: BuildParts = { build, cacheDir: async () => join(vultuneCacheDir(undefined), 'datasets') };

/**
 * Functions before a fix (vulnerable), after it and unchanged beside it, without duplicates, in train, valid and test. The same
 * sources and options give the same bytes; a stopped build resumes from the fixes that are analysed.
 * @throws VultuneError `CLI_USAGE` for an unknown source, `SOURCE_...`, `DATASET_OPTION`, `OUTPUT_EXISTS`, `DATASET_NOTHING_BUILT`, `DATASET_BUILD_STOPPED`
 */
export async function buildDataset(
  options: BuildDatasetOptions,
  context?: Partial<WorkflowContext>,
): Promise<BuildDatasetResult> {
  return await buildWith(PARTS, options, context);
}

export async function buildWith(
  parts: BuildParts,
  options: BuildDatasetOptions,
  given?: Partial<WorkflowContext>,
): Promise<BuildDatasetResult> {
  const context = workflowContext(given);
  const { signal } = context;
  const {
    sources,
    out,
    force = false,
    sourceOptions = {},
    cacheDir,
    report = true,
    baseModel,
    ...others
  } = options;
  const whole = {
    ...others,
    sources: await openSources(sources, sourceOptions, signal),
    outDir: out,
    cacheDir: cacheDir ?? (await parts.cacheDir()),
  };
  if (!force) refuseOtherDataset(whole);
  const progress = buildProgress(context.report);
  try {
    const result = await parts.build({
      ...whole,
      onProgress: progress.onProgress,
      signal,
    });
    progress.stop();
    const { sources: read, options: stated } = result.info;
    const matched = read.flatMap((source) => source.matched ?? []);
    const shown = { baseModel, seed: stated.seed, matched };
    if (report) await (parts.report ?? writeDatasetReport)(out, shown, context);
    return result;
  } finally {
    progress.stop();
  }
}

/**
 * A built dataset is hours of work, and runs name its files; the same build may write it again, and finish what was killed.
 * @throws VultuneError `OUTPUT_EXISTS`
 */
function refuseOtherDataset(options: BuildOptions): void {
  const { outDir: out } = options;
  if (!existsSync(join(out, 'dataset.json')) || isSameBuild(options)) return;
  throw new VultuneError('OUTPUT_EXISTS', `${out} holds a dataset of other sources or options already`, {
    where: { file: out },
    hint: 'choose a new folder, or replace it with --force (force: true)',
  });
}

export interface BuildShardOptions
  extends Pick<BuildDatasetOptions, 'sources' | 'sourceOptions' | 'cacheDir' | 'threads' | 'out'> {
  readonly shard: Shard;
}

/**
 * Analyses one shard's share of the fixes into the folder of a part, which `buildDataset` with `merge` takes.
 * @throws VultuneError as `buildDataset`
 */
export async function buildDatasetShard(
  options: BuildShardOptions,
  given?: Partial<WorkflowContext>,
): Promise<GatherShardResult> {
  return await buildShardWith(PARTS, options, given);
}

export async function buildShardWith(
  parts: Pick<BuildParts, 'cacheDir'>,
  { sources, sourceOptions = {}, cacheDir, out, shard, threads }: BuildShardOptions,
  given?: Partial<WorkflowContext>,
): Promise<GatherShardResult> {
  const { signal, report } = workflowContext(given);
  const progress = buildProgress(report);
  try {
    return await gatherShard({
      sources: await openSources(sources, sourceOptions, signal),
      shard,
      outDir: out,
      cacheDir: cacheDir ?? (await parts.cacheDir()),
      ...(threads === undefined ? {} : { threads }),
      onProgress: progress.onProgress,
      signal,
    });
  } finally {
    progress.stop();
  }
}

async function openSources(
  sources: BuildDatasetOptions['sources'],
  options: SourceOptions,
  signal: AbortSignal,
): Promise<readonly DatasetSource[]> {
  return (await Promise.all(sources.map((source) => openSource(source, options, signal)))).flat();
}

async function openSource(
  source: string | DatasetSource,
  options: SourceOptions,
  signal: AbortSignal,
): Promise<readonly DatasetSource[]> {
  if (typeof source !== 'string') return [source];
  return await Promise.all(
    parseSources([source], SOURCES).map(({ row, location }) => row.open(location, options, signal)),
  );
}
