/** @file `vultune data sample`: a smaller dataset with a wanted mix. */
import { Command, Option } from 'commander';
import { formatCount, formatPercent } from '../../../base/numbers.ts';
import type { SampleReport } from '../../../dataset/sampling/sample-dataset.ts';
import { readingProgress } from '../../../workflows/reading-progress.ts';
import type { CliContext } from '../../context.ts';
import { harmless } from '../../display/harmless-text.ts';
import { renderTable } from '../../display/table.ts';
import { terminalReporter } from '../../display/terminal-reporter.ts';
import { addExamples, parseCount, parseNonNegative, parseShare } from '../../options.ts';
import { addInputs, type InputOptions, leftOutLine } from './dataset-inputs.ts';

interface Options extends InputOptions {
  readonly out: string;
  readonly positives?: number;
  readonly count?: number;
  readonly perCwe: boolean;
  readonly keepPairs: boolean;
  readonly part?: string;
  readonly seed: number;
  readonly json: boolean;
}

export function sampleCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('sample')
    .summary('draw a random sample with a given mix')
    .description(
      'Draw a random sample with a given mix: a share of vulnerable functions, the same number of each CWE. Where ' +
        'functions of one kind run short, the sample gets smaller and keeps its mix. Sample training data only: ' +
        'test data should stay as it is.',
    );
  addInputs(command)
    .requiredOption('--out <file>', 'JSON lines to write')
    .addOption(
      new Option('--positives <share>', 'share of vulnerable functions (default: as it is)').argParser(
        parseShare,
      ),
    )
    .addOption(
      new Option('--count <n>', 'functions in total (default: as many as possible)').argParser(parseCount),
    )
    .option('--per-cwe', 'the same number of vulnerable functions per CWE, as far as they last', false)
    .option('--keep-pairs', 'keep pairs whole: a vulnerable function and its fix', false)
    .option('--part <name>', 'choose only from this part: train, valid, test (default: all)')
    .addOption(
      new Option('--seed <n>', 'another seed, another sample').default(42).argParser(parseNonNegative),
    )
    .option('--json', 'print the counts as JSON on standard output instead of text', false);
  addExamples(command, [
    [
      'a quarter vulnerable',
      'vultune data sample datasets/vdisc --part train --positives 0.25 --out train-quarter.jsonl',
    ],
    [
      'two thousand, the same number per CWE',
      'vultune data sample train.jsonl --positives 0.25 --count 2000 --per-cwe --out train-2000.jsonl',
    ],
  ]);
  return command.action((inputs: string[], options: Options) => sample(inputs, options, context));
}

async function sample(
  inputs: readonly string[],
  { json, ...options }: Options,
  { stdout, stderr, signal }: CliContext,
): Promise<void> {
  const { sampleDataset } = await import('../../../dataset/sampling/sample-dataset.ts');
  const progress = readingProgress(terminalReporter(stderr));
  try {
    const report = await sampleDataset({ ...options, inputs, signal, onProgress: progress.onProgress });
    progress.stop();
    stderr.write(leftOutLine(report.leftOut));
    stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : sampleText(report, stdout));
  } finally {
    progress.stop();
  }
}

function sampleText({ out, from, chosen, cwes, pairs }: SampleReport, stdout: CliContext['stdout']): string {
  const row = (name: string, { functions, vulnerable }: SampleReport['from']) => [
    name,
    formatCount(functions),
    `${formatCount(vulnerable)} (${formatPercent(functions === 0 ? 0 : vulnerable / functions)})`,
  ];
  const right = { align: 'right' } as const;
  const columns = [{ heading: '' }, { heading: 'functions', ...right }, { heading: 'vulnerable', ...right }];
  const names = Object.entries(cwes).map(([name, count]) => `${harmless(name)} ${formatCount(count)}`);
  const more = names.length > 12 ? `, and ${names.length - 12} more` : '';
  return [
    renderTable(columns, [row('from', from), row('chosen', chosen)], stdout),
    `\nvulnerable by CWE: ${names.slice(0, 12).join(', ')}${more}\n`,
    `whole pairs: ${formatCount(pairs)}\n`,
    `written to ${out}\n`,
  ].join('');
}
