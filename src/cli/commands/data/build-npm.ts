/** @file `vultune data build npm`: options of the dataset builder, its progress and its summary. */
import { Command, Option } from 'commander';
import type { BuildNpmOptions, buildNpmDataset } from '../../../dataset/npm/build-npm-dataset.ts';
import type { CliContext } from '../../context.ts';
import { buildDisplay, datasetSummary } from '../../display/dataset-summary.ts';
import { addExamples, parseCount, parseNonNegative } from '../../options.ts';
import { parseFractions } from './parse-fractions.ts';
import { addReportOptions, type DatasetReport, finishDataset, type ReportOptions } from './report-options.ts';

export interface BuildNpmStages {
  readonly buildNpm: typeof buildNpmDataset;
  /** Where results of finished packages are kept unless told otherwise. */
  readonly cacheDir: () => Promise<string>;
  /** The table of advisory facts that comes with Vultune. */
  readonly advisories: string;
  /** Writes report.html into the built dataset; default: the stage that does. */
  readonly report?: DatasetReport;
}

interface Options extends ReportOptions {
  readonly advisories: string;
  readonly out: string;
  readonly negativesPerPositive: number;
  readonly negativeLengths: 'natural' | 'matched';
  readonly fractions: NonNullable<BuildNpmOptions['fractions']>;
  readonly seed: number;
  readonly minTokens: number;
  readonly maxTokens?: number;
  readonly concurrency: number;
  readonly cacheDir?: string;
  readonly json: boolean;
}

export function buildNpmCommand(stages: BuildNpmStages, context: CliContext): Command {
  const command = new Command('npm')
    .summary('out of published npm packages: before and after a fix')
    .description(
      'Fetch the last vulnerable and the first fixed release of packages, and take out of them the functions ' +
        'that a fix changed: before (P1, vulnerable) and after (P2), and untouched functions beside them (P3).\n\n' +
        'Packages are fetched as `npm install` would, with your npm configuration and its cache; none of their ' +
        'code is run. Splits are by package: no function stands on two sides. The same input gives the same ' +
        'bytes; a stopped build goes on from what it has.',
    )
    .requiredOption(
      '--out <dir>',
      'folder to write: train.jsonl, valid.jsonl, test.jsonl, README.md, dataset.json, report.html',
    )
    .addOption(
      new Option('--advisories <file>', 'table of fixes, JSON lines').default(
        stages.advisories,
        'the one that comes with vultune',
      ),
    )
    .addOption(
      new Option('--negatives-per-positive <x>', 'untouched functions for each vulnerable one')
        .default(1)
        .argParser(parseNonNegative),
    )
    .addOption(
      new Option(
        '--negative-lengths <how>',
        'untouched functions as they come, or as long as the vulnerable ones',
      )
        .choices(['natural', 'matched'])
        .default('natural'),
    )
    .addOption(
      new Option('--fractions <a,b,c>', 'shares of train, valid and test')
        .default({ train: 0.7, valid: 0.15, test: 0.15 }, '0.7,0.15,0.15')
        .argParser(parseFractions),
    )
    .addOption(
      new Option('--seed <n>', 'chooses splits and untouched functions')
        .default(42)
        .argParser(parseNonNegative),
    )
    .addOption(
      new Option('--min-tokens <n>', 'leave out functions of fewer words and signs')
        .default(12)
        .argParser(parseCount),
    )
    .addOption(
      new Option(
        '--max-tokens <n>',
        'leave out longer functions, with their partner (estimated tokens)',
      ).argParser(parseCount),
    )
    .addOption(new Option('--concurrency <n>', 'packages at once, 1 to 4').default(4).argParser(parseCount))
    .option('--cache-dir <dir>', "another folder than Vultune's cache for finished packages")
    .option('--json', 'print dataset.json on standard output instead of a summary', false);
  addReportOptions(command);
  addExamples(command, [
    [
      'what the quickstart trains on',
      'vultune data build npm --negative-lengths matched --max-tokens 1500 --out datasets/npm',
    ],
    [
      'your own fixes, four untouched functions for each',
      'vultune data build npm --advisories fixes.jsonl --out datasets/ours --negatives-per-positive 4',
    ],
  ]);
  return command.action((options: Options) => build(options, stages, context));
}

async function build(options: Options, stages: BuildNpmStages, context: CliContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  const { out, maxTokens, cacheDir, json, report, baseModel, ...others } = options;
  const display = buildDisplay(stderr);
  try {
    const result = await stages.buildNpm({
      ...others,
      outDir: out,
      cacheDir: cacheDir ?? (await stages.cacheDir()),
      ...(maxTokens === undefined ? {} : { maxTokensEstimate: maxTokens }),
      onProgress: display.onProgress,
      signal,
    });
    display.stop();
    const { seed } = options;
    const written = await finishDataset(out, { report, baseModel, seed }, context, stages.report);
    stdout.write(
      json ? `${JSON.stringify(result.info, null, 2)}\n` : `${datasetSummary(result, stdout)}${written}`,
    );
  } finally {
    display.stop();
  }
}
