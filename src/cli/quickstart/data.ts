/** @file The quickstart's dataset: built from npm packages, or reused from an earlier quickstart. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import type { buildDataset } from '../../dataset/builder/build-dataset.ts';
import { NAMED_RELEASES } from '../../dataset/builder/named-releases.ts';
import { openReleases } from '../../dataset/sources/advisories/open-advisories.ts';
import { buildProgress } from '../../workflows/build-dataset/build-progress.ts';
import { writeDatasetReport } from '../../workflows/build-dataset/dataset-report.ts';
import type { QuickstartRequest } from '../commands/quickstart.ts';
import type { CliContext } from '../context.ts';
import { buildSummary } from '../display/build-summary.ts';
import { reporting, terminalReporter } from '../display/terminal-reporter.ts';

export interface DatasetParts {
  readonly build: typeof buildDataset;
  readonly advisories: string;
  readonly cacheDir: () => Promise<string>;
}

/** Of the advisories, with `--quick`: enough for functions of both classes in every part. */
const QUICK_EVERY = 4;
/** Chooses splits and untouched functions, and the pairs that the page shows. */
const SEED = 42;

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
    const table = quick ? writeFewAdvisories(parts.advisories, dir) : parts.advisories;
    const { info } = await parts.build({
      ...NAMED_RELEASES,
      sources: [await openReleases('npm', table)],
      outDir,
      cacheDir: await parts.cacheDir(),
      ratio: 1,
      negativeLengths: 'matched',
      maxTokens: 1200,
      seed: SEED,
      onProgress: display.onProgress,
      signal,
    });
    await writeDatasetReport(outDir, { seed: SEED }, reporting(context));
    display.stop();
    stdout.write(buildSummary(info, stdout, { brief: true }));
    stderr.write(stderr.colors.muted(`what was left out, and why: ${join(outDir, 'README.md')}\n`));
  } finally {
    display.stop();
  }
  return outDir;
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
