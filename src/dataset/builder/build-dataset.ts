/**
 * @file Builds a dataset out of sources of fixes and of labelled records: analyse → select → split → write. Puts the
 * steps together; each has its own file.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { ReasonTally } from '../../base/tally.ts';
import { checkOutputFolder, refuseOwnInput } from '../output/output-folder.ts';
import { stopIfAborted } from '../progress.ts';
import { formatBuildCard } from './build-card.ts';
import type { BuildInfo } from './build-info.ts';
import { type BuildOptions, stateOptions, workerThreads } from './build-options.ts';
import { readExclusion } from './exclusion.ts';
import type { GatheredUnit } from './gather/gather-context.ts';
import { mergedBuild } from './gather/gather-share.ts';
import { gatherSources } from './gather/gather-sources.ts';
import { BodyIndex } from './select/body-index.ts';
import { type CandidateIndex, indexCandidates } from './select/candidate-index.ts';
import { type Labelled, labelCandidates } from './select/label-candidates.ts';
import { NO_SIDE, splitCandidates } from './select/split-candidates.ts';
import { openShards } from './shards/open-shards.ts';
import { writeSplits } from './write-splits.ts';

export type { BuildOptions } from './build-options.ts';

export interface BuildDatasetResult {
  readonly outDir: string;
  readonly info: BuildInfo;
}

/** To be raised whenever the same input would give other bytes. */
const BUILDER_VERSION = 2;

/**
 * The same sources and options give the same bytes, whatever the number of threads. Stopped by `signal` it writes nothing
 * into `outDir`; run again it goes on from the fixes that are analysed.
 * @throws VultuneError `DATASET_OPTION`, `OUTPUT_EXISTS`, `DATASET_NOTHING_BUILT`, `DATASET_BUILD_STOPPED`; with `merge`
 * `SHARD_BROKEN`, `SHARD_SET`; as the sources,
 * `assignSplits` and `AtomicWriter`.
 */
export async function buildDataset(options: BuildOptions): Promise<BuildDatasetResult> {
  const signal = options.signal ?? new AbortController().signal;
  const { onProgress, outDir } = options;
  checkOutputFolder(outDir);
  const locations = options.sources.map(({ info }) => info.location);
  refuseOwnInput([...locations, ...(options.exclude ?? [])], outDir);
  const exclusion = await readExclusion(options.exclude ?? [], signal);
  const stated = stateOptions(options, exclusion.sha256);
  const bodies = new BodyIndex(stated.nearDuplicates);
  exclusion.addTo(bodies);
  const merged = options.merge === undefined ? undefined : await openShards(options.merge, options.sources);
  const { units, input } = await gatherSources(options.sources, {
    share: merged && (() => mergedBuild(merged.find)),
    // Clients of registries and git run in folders of their own: a relative path would be another place there.
    cacheDir: resolve(options.cacheDir),
    threads: workerThreads(options),
    signal,
    onProgress,
    functionContext: stated.context,
  });
  merged?.requireAllFound();
  const report = (phase: 'select' | 'write', message: string, done = 0, total = 1) =>
    onProgress?.({ phase, done, total, message });
  try {
    report('select', 'duplicates');
    const index = await indexCandidates(units, bodies, signal, (done) =>
      report('select', 'functions', done, units.length),
    );
    const nearGroups = await bodies.nearGroups(signal, (share) => report('select', 'duplicates', share));
    report('select', 'labels');
    const labelled = labelCandidates(index, units, stated, exclusion.check(nearGroups));
    report('select', 'splits');
    const { sides, undated } = splitCandidates(index, units, labelled, nearGroups, stated);
    if (sides.every((side) => side === NO_SIDE)) throw nothingBuilt(units, labelled, input);
    report('write', outDir);
    // What says that a dataset is whole, and what shows an older one.
    for (const name of ['dataset.json', 'report.html']) rmSync(join(outDir, name), { force: true });
    const written = await writeSplits(outDir, units, index, labelled, sides, signal, (done) =>
      report('write', outDir, done, units.length),
    );
    const info: BuildInfo = {
      format: 'vultune-dataset',
      formatVersion: 1,
      builder: { name: 'fixes', version: BUILDER_VERSION },
      sources: options.sources.map((source) => source.info),
      options: stated,
      found: countFound(index),
      counts: {
        input,
        ...sumSummaries(units),
        fixes: labelled.fixes.counts(),
        changed: labelled.changed.counts(),
        unchanged: labelled.unchanged.counts(),
        labelled: labelled.labelled.counts(),
      },
      ...(stated.split === 'time' ? { undated } : {}),
      ...written,
    };
    writeFileAtomic(join(outDir, 'README.md'), formatBuildCard(info));
    writeFileAtomic(join(outDir, 'dataset.json'), `${JSON.stringify(info, null, 2)}\n`);
    return { outDir, info };
  } catch (error) {
    stopIfAborted(signal);
    throw error;
  }
}

function sumSummaries(units: readonly GatheredUnit[]): Pick<BuildInfo['counts'], 'files' | 'functions'> {
  const files = new ReasonTally();
  const functions = new ReasonTally();
  for (const { summary } of units) {
    files.addAll(summary.files);
    functions.addAll(summary.functions);
  }
  return { files: files.counts(), functions: functions.counts() };
}

/** Before any filter of fixes, sizes or labels. */
function countFound({ role, body, pair, count }: CandidateIndex): BuildInfo['found'] {
  const before = new Map<number, number>();
  const pairs = new Set<string>();
  const unchanged = new Set<number>();
  for (let at = 0; at < count; at++) {
    if (role[at] === 'before') before.set(pair[at]!, body[at]!);
    if (role[at] === 'after') pairs.add(`${before.get(pair[at]!)} ${body[at]}`);
    if (role[at] === 'unchanged') unchanged.add(body[at]!);
  }
  return {
    changedPairs: before.size,
    distinctChangedPairs: pairs.size,
    unchanged: role.filter((what) => what === 'unchanged').length,
    distinctUnchanged: unchanged.size,
  };
}

function nothingBuilt(
  units: readonly GatheredUnit[],
  labelled: Labelled,
  input: Readonly<Record<string, number>>,
): VultuneError {
  const tallies = [labelled.fixes, labelled.changed, labelled.unchanged, labelled.labelled];
  const { kept: _kept, ...files } = sumSummaries(units).files;
  const counts = Object.entries(
    Object.assign({ ...input, ...files }, ...tallies.map((tally) => tally.counts())),
  );
  const reasons = counts.map(([reason, count]) => `${reason}: ${count}`).join('; ');
  const fixes = units.filter(({ facts }) => facts !== undefined).length;
  if (units.length === 0) {
    const why = reasons === '' ? 'their lists and messages name none' : reasons;
    return new VultuneError('DATASET_NOTHING_BUILT', `the sources hold no fix: ${why}`, {
      hint: 'git --fixes is searched in the messages of all commits, ignoring case',
    });
  }
  const isTooStrict = Object.keys(labelled.fixes.counts()).some((reason) => reason.startsWith('more than'));
  return new VultuneError(
    'DATASET_NOTHING_BUILT',
    `no function is left${fixes === 0 ? '' : ` of ${fixes} ${fixes === 1 ? 'fix' : 'fixes'}`} (${reasons})`,
    isTooStrict ? { hint: 'most fixes change several functions: --no-strict takes them too' } : {},
  );
}
