/** @file `vultune data inspect`: looks into a file that one does not know. */
import { Command, Option } from 'commander';
import { readingProgress } from '../../../workflows/reading-progress.ts';
import { truncationText } from '../../../workflows/train/truncation-text.ts';
import type { CliContext } from '../../context.ts';
import { inspectText } from '../../display/inspect-text.ts';
import { reporting } from '../../display/terminal-reporter.ts';
import { addExamples, fieldsOption, parseCount, parseNonNegative } from '../../options.ts';
import type { InputOptions } from './dataset-inputs.ts';

interface Options extends InputOptions {
  readonly records: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly baseModel?: string;
  readonly maxLength: number;
  readonly json: boolean;
}

export function inspectCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('inspect')
    .summary('show what is in a file: format, fields, first functions')
    .description(
      'Show what is in a dataset: format, counts, fields with an example of each, and the first functions.',
    )
    .argument('<input>', 'a folder, file or archive; - for standard input')
    .addOption(new Option('--format <name>', "format of the input, if it can't be detected"))
    .addOption(fieldsOption())
    .option(
      '--base-model <model>',
      'count functions and pairs that this model would not read whole, with its own tokenizer',
    )
    .addOption(
      new Option('--max-length <n>', 'with --base-model: tokens that are read of a function')
        .default(512)
        .argParser(parseCount),
    )
    .addOption(new Option('--records <n>', 'functions to show').default(2).argParser(parseNonNegative))
    .option('--json', 'print JSON on standard output instead of text', false);
  addExamples(command, [
    ['a published set', 'vultune data inspect primevul_valid.jsonl'],
    ['a table of your own', 'vultune data inspect mine.csv --fields code=func,target=vul'],
    ['five functions from an archive', 'vultune data inspect x1.tar.gz --records 5'],
  ]);
  return command.action((input: string, options: Options) => inspect(input, options, context));
}

async function inspect(
  input: string,
  { json, baseModel, maxLength, ...options }: Options,
  cli: CliContext,
): Promise<void> {
  const { inspectDataset } = await import('../../../dataset/statistics/inspect-dataset.ts');
  const { openDataFile } = await import('../../../workflows/open/open-data-file.ts');
  const { stdout, stdin, signal } = cli;
  const context = reporting(cli);
  const progress = readingProgress(context.report);
  try {
    const path = await openDataFile(input, context);
    const report = await inspectDataset(path, {
      ...options,
      stdin,
      signal,
      onProgress: progress.onProgress,
    });
    progress.stop();
    const truncation =
      baseModel === undefined || path === '-'
        ? undefined
        : await (await import('../../../workflows/inspect/dataset-truncation.ts')).datasetTruncation(
            path,
            { ...options, baseModel, maxLength },
            context,
          );
    if (json) {
      const extra = truncation === undefined ? {} : { truncation: { maxLength, ...truncation } };
      stdout.write(`${JSON.stringify({ ...report, ...extra }, null, 2)}\n`);
      return;
    }
    stdout.write(inspectText(report, stdout));
    if (truncation === undefined) return;
    const found = truncationText({ key: 'read by the model', leftOut: 0, ...truncation }, maxLength);
    stdout.write(`\n${found?.text ?? `every function is read whole within ${maxLength} tokens`}\n`);
  } finally {
    progress.stop();
  }
}
