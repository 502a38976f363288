/** @file Options that `data split` and `data merge` share, and running either. */
import { type Command, Option } from 'commander';
import type { SplitDatasetOptions } from '../../../dataset/splits/split-dataset.ts';
import { readingProgress } from '../../../workflows/reading-progress.ts';
import type { CliContext } from '../../context.ts';
import { splitSummary } from '../../display/split-summary.ts';
import { terminalReporter } from '../../display/terminal-reporter.ts';
import { parseNonNegative } from '../../options.ts';
import { leftOutLine } from './dataset-inputs.ts';
import { nearDuplicatesOption } from './near-duplicates-option.ts';
import { parseFractions } from './parse-fractions.ts';
import { addReportOptions, finishDataset, type ReportOptions } from './report-options.ts';

export interface SplitCommandOptions
  extends Pick<SplitDatasetOptions, 'by' | 'fractions' | 'timePer' | 'format'>,
    ReportOptions {
  readonly out: string;
  readonly seed: number;
  readonly nearDuplicates: number;
  readonly split?: SplitCommandOptions['by'];
  readonly json: boolean;
}

const BY = ['commit', 'project', 'time', 'predefined'];

/** After `addInputs`. */
export function addSplitOptions(command: Command): Command {
  command
    .requiredOption(
      '--out <dir>',
      'folder to write: train.jsonl, valid.jsonl, test.jsonl, README.md, dataset.json, report.html',
    )
    .addOption(
      new Option(
        '--by <what>',
        'what stays together, or decides the part (default: predefined if every function has a split, else commit)',
      ).choices(BY),
    )
    // As `data build` has it.
    .addOption(new Option('--split <what>', 'the same as --by').choices(BY).hideHelp())
    .addOption(
      new Option('--fractions <a,b,c>', 'shares of train, valid and test')
        .default({ train: 0.7, valid: 0.15, test: 0.15 }, '0.7,0.15,0.15')
        .argParser(parseFractions),
    )
    .addOption(new Option('--seed <n>', 'seed of the split').default(42).argParser(parseNonNegative))
    .addOption(
      new Option('--time-per <what>', 'by time: one cut-off for all, or one per project')
        .choices(['all', 'project'])
        .default('all'),
    )
    .addOption(nearDuplicatesOption())
    .option('--json', 'print dataset.json on standard output instead of a summary', false);
  return addReportOptions(command);
}

export async function runSplit(
  command: SplitDatasetOptions['command'],
  inputs: readonly string[],
  deduplicate: boolean,
  options: SplitCommandOptions,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr, signal } = context;
  const { splitDataset } = await import('../../../dataset/splits/split-dataset.ts');
  const { out, json, split, by = split, report, baseModel, nearDuplicates, ...others } = options;
  const progress = readingProgress(terminalReporter(stderr));
  try {
    const info = await splitDataset({
      ...others,
      threshold: nearDuplicates,
      ...(by === undefined ? {} : { by }),
      command,
      inputs,
      outDir: out,
      deduplicate,
      signal,
      onProgress: progress.onProgress,
    });
    progress.stop();
    stderr.write(leftOutLine(info.leftOut));
    const written = await finishDataset(out, { report, baseModel, seed: options.seed }, context);
    stdout.write(json ? `${JSON.stringify(info, null, 2)}\n` : `${splitSummary(info, stdout)}${written}`);
  } finally {
    progress.stop();
  }
}
