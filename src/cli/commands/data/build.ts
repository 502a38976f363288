/** @file `vultune data build SOURCE...`: options of the dataset builder, its progress and its summary. */
import { Command, Option } from 'commander';
import { VultuneError } from '../../../base/errors.ts';
import { CONTEXT_KINDS } from '../../../dataset/changes/function-context.ts';
import { SOURCES, type SourceOption } from '../../../dataset/sources/registry.ts';
import type { BuildParts } from '../../../workflows/build-dataset/build-dataset.ts';
import { parseSources } from '../../../workflows/build-dataset/source-arguments.ts';
import type { CliContext } from '../../context.ts';
import { wrapText } from '../../display/wrap.ts';
import { addExamples, addShardOptions, parseCount, parseNonNegative } from '../../options.ts';
import { buildNpmCommand, hardNegativesOption, negativeLengthsOption } from './build-npm.ts';
import { nearDuplicatesOption } from './near-duplicates-option.ts';
import { parseFractions } from './parse-fractions.ts';
import { addReportOptions } from './report-options.ts';
import { type BuildRequest, runBuild } from './run-build.ts';

/** The width of a source's summary in the help. */
const SOURCE_COLUMNS = 72;

interface Options extends Omit<BuildRequest, 'out' | 'sources'> {
  /** Required; commander would ask it of `data build npm` too. */
  readonly out?: string;
}

export function buildCommand(parts: BuildParts, context: CliContext): Command {
  const command = new Command('build')
    .summary('build a dataset from sources of fixes')
    .description(
      'Build a dataset from sources of fixes: functions before a fix (P1, vulnerable), after it (P2) and ' +
        'unchanged beside it (P3), without duplicates, in train, valid and test.\n\n' +
        'Give one or more sources as NAME=LOCATION; for a single one NAME LOCATION works too. A stopped build ' +
        'resumes where it was, and the same input gives the same bytes.',
    )
    .argument('[sources...]', 'sources with their locations')
    .enablePositionalOptions() // what follows `npm` belongs to it
    .addCommand(buildNpmCommand(parts, context));
  addLabelOptions(command);
  addNegativeOptions(command);
  addSplitOptions(command);
  command
    .addOption(
      new Option('--num-threads <n>', 'worker threads (default: one per core)').argParser(parseCount),
    )
    .option('--cache-dir <dir>', "folder for clones and finished fixes (default: Vultune's cache)")
    .option('--json', 'print dataset.json on standard output instead of a summary', false);
  addShardOptions(command, 'analyse the fixes', 'the folder --out');
  addReportOptions(command);
  for (const { flags, description } of sourceOptions()) command.option(flags, description);
  command.addHelpText('after', `\nSources:\n${SOURCES.map(describeSource).join('\n')}`);
  addExamples(command, [
    [
      'the manually curated statements, including fixes of several functions',
      'vultune data build project-kb=statements --no-strict --out datasets/kb',
    ],
    [
      'two sources, projects kept apart, without what is in a test set',
      'vultune data build project-kb=statements git=fixes.csv --split project --exclude test.jsonl --out d',
    ],
    [
      'on four processes or machines: run with each of 1/4 to 4/4, then join',
      'vultune data build git=fixes.csv --shard 1/4 --out parts/1\n  vultune data build git=fixes.csv --out datasets/ours --merge parts/*',
    ],
  ]);
  return command.action((words: string[], options: Options) => build(words, options, parts, context));
}

function addLabelOptions(command: Command): void {
  command
    .option(
      '--out <dir>',
      'folder to write: train.jsonl, valid.jsonl, test.jsonl, README.md, dataset.json, report.html',
    )
    .option('--force', 'replace a dataset that the folder holds', false)
    .option('--strict', 'only fixes that changed exactly one function', true)
    .option('--no-strict', 'every fix, however many functions it changed')
    .addOption(
      new Option('--max-changed-functions <n>', 'only fixes that changed at most n functions').argParser(
        parseCount,
      ),
    )
    .option('--named-only', 'only functions that an advisory names', false)
    .addOption(
      new Option('--min-tokens <n>', 'leave out functions of fewer tokens').default(5).argParser(parseCount),
    )
    .addOption(
      new Option(
        '--max-tokens <n>',
        'leave out functions of more tokens, and the other half of their pair',
      ).argParser(parseCount),
    );
}

function addNegativeOptions(command: Command): void {
  command
    .addOption(
      new Option('--negatives <where>', 'where unchanged functions come from')
        .choices(['same-commit', 'same-files', 'other-projects', 'none'])
        .default('same-commit'),
    )
    .addOption(
      new Option('--ratio <x>', 'at most this many unchanged functions per vulnerable one').argParser(
        parseNonNegative,
      ),
    )
    .addOption(negativeLengthsOption())
    .addOption(hardNegativesOption())
    .addOption(
      new Option(
        '--context <kind>',
        'put code of its file in front of each function: functions that call it, that it calls, or the head of the file',
      ).choices(CONTEXT_KINDS),
    )
    .addOption(
      new Option('--context-max-tokens <n>', 'most lexical tokens of the context (default: 256)').argParser(
        parseCount,
      ),
    )
    .option('--exclude <file...>', 'leave out exact and near duplicates of these datasets')
    .addOption(nearDuplicatesOption());
}

function addSplitOptions(command: Command): void {
  command
    .addOption(
      new Option('--split <by>', 'what stays on one side')
        .choices(['commit', 'project', 'time', 'predefined'])
        .default('commit'),
    )
    .addOption(
      new Option('--time-per <what>', 'later fixes to the test part, within each project or over all')
        .choices(['project', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--fractions <a,b,c>', 'shares of train, valid and test')
        .default({ train: 0.8, valid: 0.1, test: 0.1 }, '0.8,0.1,0.1')
        .argParser(parseFractions),
    )
    .addOption(
      new Option('--seed <n>', 'chooses splits and unchanged functions')
        .default(42)
        .argParser(parseNonNegative),
    );
}

/** Two sources may share an option. */
function sourceOptions(): SourceOption[] {
  const options = SOURCES.flatMap((row) => row.options ?? []);
  return [...new Map(options.map((option) => [option.flags.split(' ')[0], option])).values()];
}

async function build(
  words: readonly string[],
  options: Options,
  parts: BuildParts,
  context: CliContext,
): Promise<void> {
  const { out, ...others } = options;
  if (out === undefined) throw new VultuneError('CLI_USAGE', "required option '--out <dir>' not specified");
  if (options.shard !== undefined && options.context !== undefined) {
    throw new VultuneError('CLI_USAGE', '--context does not go with --shard: parts are analysed without it', {
      hint: 'Leave out one of them.',
    });
  }
  const sources = await Promise.all(
    parseSources(words, SOURCES).map(({ row, location }) =>
      row.open(location, { ...others }, context.signal),
    ),
  );
  await runBuild({ ...others, out, sources }, parts, context);
}

/** What is typed, and below it what that is. */
function describeSource({ name, location, summary }: (typeof SOURCES)[number]): string {
  const lines = wrapText(summary, SOURCE_COLUMNS).map((line) => `      ${line}`);
  return [`  ${name}=${location}`, ...lines].join('\n');
}
