/** @file The quickstart's dataset: built from releases of npm, PyPI and Maven, or reused from an earlier quickstart. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import type { buildDataset } from '../../dataset/builder/build-dataset.ts';
import { NAMED_RELEASES } from '../../dataset/builder/named-releases.ts';
import { sampleDataset } from '../../dataset/sampling/sample-dataset.ts';
import type { DatasetSource } from '../../dataset/source.ts';
import { openReleases } from '../../dataset/sources/advisories/open-advisories.ts';
import type { Ecosystem } from '../../dataset/sources/releases/release-pair.ts';
import { buildProgress } from '../../workflows/build-dataset/build-progress.ts';
import { writeDatasetReport } from '../../workflows/build-dataset/dataset-report.ts';
import type { QuickstartRequest } from '../commands/quickstart.ts';
import type { CliContext } from '../context.ts';
import { buildSummary } from '../display/build-summary.ts';
import { reporting, terminalReporter } from '../display/terminal-reporter.ts';
import { buildOfReachable } from './build-of-reachable.ts';

export interface DatasetParts {
  readonly build: typeof buildDataset;
  /** The table of each registry; releases are asked for in this order. */
  readonly advisories: Readonly<Record<Ecosystem, string>>;
  readonly cacheDir: () => Promise<string>;
}

/** With `--quick` npm's table alone, every fourth line: enough for functions of both classes in every part. */
const QUICK_EVERY = 4;
/** Chooses splits and untouched functions, and the pairs that the page shows. */
const SEED = 42;
/** A test part of a hundred functions says little; its intervals are as wide as what one wants to see. */
const FRACTIONS = { train: 0.75, valid: 0.1, test: 0.15 };

/** Returns the dataset's folder. Throws what the builder throws. */
export async function prepareDataset(
  parts: DatasetParts,
  { dir, quick }: QuickstartRequest,
  context: CliContext,
): Promise<string> {
  const { stdout, stderr, signal } = context;
  const outDir = join(dir, quick ? 'dataset-quick' : 'dataset');
  if (existsSync(join(outDir, 'dataset.json'))) {
    stderr.write(`reusing ${outDir}\n`);
    return outDir;
  }
  const display = buildProgress(terminalReporter(stderr));
  try {
    const skipped: string[] = [];
    const { info } = await buildOfReachable(
      parts.build,
      {
        ...NAMED_RELEASES,
        sources: await openTables(parts, { dir, quick }),
        outDir,
        cacheDir: await parts.cacheDir(),
        ratio: 1,
        hardNegatives: true,
        maxTokens: 1200,
        fractions: FRACTIONS,
        seed: SEED,
        onProgress: display.onProgress,
        signal,
      },
      ({ info: { name } }, error) => skipped.push(`without ${name}: ${error.message}`),
    );
    await writeDatasetReport(outDir, { seed: SEED }, reporting(context));
    display.stop();
    for (const text of skipped) stderr.write(`${stderr.colors.warning(text)}\n`);
    stdout.write(buildSummary(info, stdout, { brief: true }));
    stderr.write(stderr.colors.muted(`what was left out, and why: ${join(outDir, 'README.md')}\n`));
  } finally {
    display.stop();
  }
  return outDir;
}

async function openTables(
  { advisories }: DatasetParts,
  { dir, quick }: Pick<QuickstartRequest, 'dir' | 'quick'>,
): Promise<DatasetSource[]> {
  if (quick) return [await openReleases('npm', writeFewAdvisories(advisories.npm, dir))];
  return await Promise.all(
    (Object.entries(advisories) as [Ecosystem, string][]).map(([name, table]) => openReleases(name, table)),
  );
}

/**
 * The training part, or as many of its functions as two cores can train on while one waits; pairs stay whole. Validation and test keep
 * all of theirs: intervals of few functions say nothing.
 */
export async function sampleTraining(
  dataset: string,
  count: number,
  { signal }: Pick<CliContext, 'signal'>,
): Promise<string> {
  const whole = join(dataset, 'train.jsonl');
  const out = join(dataset, `train-${count}.jsonl`);
  const { from } = await sampleDataset({
    inputs: [whole],
    out,
    count,
    perCwe: false,
    keepPairs: true,
    seed: SEED,
    signal,
  });
  return from.functions <= count ? whole : out;
}

/** The table is sorted by package: every fourth entry is as mixed as the whole. */
function writeFewAdvisories(advisories: string, dir: string): string {
  const path = join(dir, 'advisories-quick.jsonl');
  const lines = readTextFile(advisories)
    .split('\n')
    .filter((line) => line.trim() !== '');
  writeFileAtomic(path, `${lines.filter((_, i) => i % QUICK_EVERY === 0).join('\n')}\n`);
  return path;
}
