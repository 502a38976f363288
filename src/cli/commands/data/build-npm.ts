/** @file `vultune data build npm`: the dataset builder with one source, npm's releases, and what suits a table that names functions. */
import { Command, Option } from 'commander';
import type { BuildOptions } from '../../../dataset/builder/build-dataset.ts';
import { NAMED_RELEASES } from '../../../dataset/builder/named-releases.ts';
import type { BuildParts } from '../../../workflows/build-dataset/build-dataset.ts';
import type { CliContext } from '../../context.ts';
import { addExamples, parseCount, parseNonNegative } from '../../options.ts';
import { nearDuplicatesOption } from './near-duplicates-option.ts';
import { parseFractions } from './parse-fractions.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import { runBuild } from './run-build.ts';

interface Options
  extends ReportOptions,
    Pick<
      BuildOptions,
      | 'negativeLengths'
      | 'hardNegatives'
      | 'fractions'
      | 'seed'
      | 'minTokens'
      | 'maxTokens'
      | 'nearDuplicates'
    > {
  readonly out: string;
  readonly advisories?: string;
  readonly negativesPerPositive: number;
  readonly concurrency?: number;
  readonly numThreads?: number;
  readonly cacheDir?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function buildNpmCommand(parts: BuildParts, context: CliContext): Command {
  const command = new Command('npm')
    .summary('build a dataset from published npm packages')
    .description(
      'Fetch the last vulnerable and the first fixed release of packages, and extract the functions ' +
        'that a table names: before (P1, vulnerable) and after the fix (P2), and unchanged functions of the ' +
        'files beside them (P3).\n\n' +
        'The same as data build npm=TABLE --named-only --no-strict --split project --ratio 1. Packages are ' +
        'fetched as npm install would, with your npm configuration and its cache; none of their code is run. ' +
        'The same input gives the same bytes; a stopped build resumes where it was.',
    )
    .requiredOption(
      '--out <dir>',
      'folder to write: train.jsonl, valid.jsonl, test.jsonl, README.md, dataset.json, report.html',
    )
    .option('--force', 'replace a dataset that the folder holds', false)
    .option('--advisories <file>', 'table of fixes, JSON lines (default: the one that comes with vultune)')
    .addOption(
      new Option('--negatives-per-positive <x>', 'at most this many unchanged functions per vulnerable one')
        .default(1)
        .argParser(parseNonNegative),
    )
    .addOption(negativeLengthsOption())
    .addOption(hardNegativesOption());
  addSharedOptions(command);
  addReportOptions(command);
  addExamples(command, [
    [
      'the data that the quickstart trains on',
      'vultune data build npm --negative-lengths matched --max-tokens 1200 --out datasets/npm',
    ],
    [
      'your own fixes, four unchanged functions for each',
      'vultune data build npm --advisories fixes.jsonl --out datasets/ours --negatives-per-positive 4',
    ],
  ]);
  return command.action((options: Options) => build(options, parts, context));
}

/** Also an option of `data build`. */
export function negativeLengthsOption(): Option {
  return new Option(
    '--negative-lengths <how>',
    'unchanged functions as they come, or as long as the vulnerable ones (with a ratio)',
  )
    .choices(['natural', 'matched'])
    .default('natural');
}

/** Also an option of `data build`. */
export function hardNegativesOption(): Option {
  return new Option(
    '--hard-negatives',
    "unchanged functions of a vulnerable one's file, else project, else language, about as long (with a ratio)",
  ).default(false);
}

function addSharedOptions(command: Command): void {
  command
    .addOption(nearDuplicatesOption())
    .addOption(
      new Option('--fractions <a,b,c>', 'shares of train, valid and test')
        .default({ train: 0.8, valid: 0.1, test: 0.1 }, '0.8,0.1,0.1')
        .argParser(parseFractions),
    )
    .addOption(
      new Option('--seed <n>', 'chooses splits and unchanged functions')
        .default(42)
        .argParser(parseNonNegative),
    )
    .addOption(
      new Option('--min-tokens <n>', 'leave out functions of fewer tokens').default(5).argParser(parseCount),
    )
    .addOption(
      new Option(
        '--max-tokens <n>',
        'leave out functions of more tokens, and the other half of their pair',
      ).argParser(parseCount),
    )
    .addOption(
      new Option('--num-threads <n>', 'worker threads (default: one per core)').argParser(parseCount),
    )
    .addOption(new Option('--concurrency <n>').argParser(parseCount).hideHelp()) // before 0.2: --num-threads
    .option('--cache-dir <dir>', "folder for finished packages (default: Vultune's cache)")
    .option('--json', 'print dataset.json on standard output instead of a summary', false);
}

async function build(options: Options, parts: BuildParts, context: CliContext): Promise<void> {
  const { openReleases } = await import('../../../dataset/sources/advisories/open-advisories.ts');
  const { SHIPPED_TABLES } = await import('../../../dataset/sources/advisories/shipped-table.ts');
  const { advisories, negativesPerPositive, concurrency, numThreads = concurrency, ...others } = options;
  await runBuild(
    {
      ...others,
      ...NAMED_RELEASES,
      ratio: negativesPerPositive,
      ...(numThreads === undefined ? {} : { numThreads }),
      sources: [await openReleases('npm', advisories ?? SHIPPED_TABLES.npm)],
    },
    parts,
    context,
  );
}
