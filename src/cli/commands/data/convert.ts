/** @file `vultune data convert`: published sets and tables of any make into Vultune's records. */
import { Command, Option } from 'commander';
import { formatCount } from '../../../base/numbers.ts';
import type { ConvertReport } from '../../../dataset/formats/convert-dataset.ts';
import { readingProgress } from '../../../workflows/reading-progress.ts';
import type { CliContext } from '../../context.ts';
import { renderTable } from '../../display/table.ts';
import type { Terminal } from '../../display/terminal.ts';
import { terminalReporter } from '../../display/terminal-reporter.ts';
import { addExamples } from '../../options.ts';

interface Options {
  readonly out: string;
  readonly format?: string;
  readonly field: readonly string[];
  readonly vulnerable: readonly string[];
  readonly safe: readonly string[];
  readonly json: boolean;
}

export function convertCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('convert')
    .summary("turn a published set or a table into Vultune's records")
    .description(
      "Turn a dataset into Vultune's records, JSON lines. Recognised by content: X_1, SVEN, PrimeVul, DiverseVul, " +
        'Devign and CodeXGLUE, Big-Vul, ReVeal, VulLLM, JLeaks, CVEfixes (SQLite), VDISC (HDF5). Any other JSON ' +
        'lines, JSON array, CSV or Parquet needs --field. Takes files, folders and tar.gz archives, and streams them: ' +
        'they may be larger than memory.\n\n' +
        'The output is written completely or not at all.',
    )
    .argument('<input>', 'a file, folder or archive; - for standard input')
    .requiredOption('--out <path>', 'FILE.jsonl, or a folder that gets one file per split')
    .addOption(new Option('--format <name>', "format of the input, if it can't be detected"))
    .addOption(repeated('--field <field=column>', 'tables: which column holds which field (repeatable)'))
    .addOption(repeated('--vulnerable <word>', 'tables: a label that means vulnerable, besides 1, true ...'))
    .addOption(repeated('--safe <word>', 'tables: a label that means safe, besides 0, false ...'))
    .option('--json', 'print the counts as JSON on standard output instead of text', false);
  addExamples(command, [
    ["a published set, with its authors' split", 'vultune data convert primevul/ --out datasets/primevul'],
    ['a huge HDF5 file', 'vultune data convert VDISC_train.hdf5 --out vdisc.jsonl'],
    [
      'any other table',
      'vultune data convert mine.csv --field code=body --field target=verdict --vulnerable bad --safe ok --out m.jsonl',
    ],
  ]);
  return command.action((input: string, options: Options) => convert(input, options, context));
}

/** Not `<word...>`: that would take the input for a word. */
function repeated(flags: string, description: string): Option {
  return new Option(flags, description)
    .default([], 'none')
    .argParser((word: string, words: readonly string[]) => [...words, word]);
}

async function convert(input: string, options: Options, context: CliContext): Promise<void> {
  const { stdout, stderr, stdin, signal } = context;
  const { convertDataset } = await import('../../../dataset/formats/convert-dataset.ts');
  const { mappingOf } = await import('../../../dataset/sources/published.ts');
  const mapping = mappingOf(options);
  const progress = readingProgress(terminalReporter(stderr));
  try {
    const report = await convertDataset({
      input,
      out: options.out,
      stdin,
      signal,
      ...(options.format === undefined ? {} : { format: options.format }),
      ...(mapping === undefined ? {} : { mapping }),
      onProgress: ({ records, bytes, totalBytes }) =>
        progress.onProgress({ file: input, records, bytes, totalBytes: totalBytes ?? bytes }),
    });
    progress.stop();
    stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, stdout));
  } finally {
    progress.stop();
  }
}

function reportText({ format, files, leftOut }: ConvertReport, terminal: Terminal): string {
  const columns = [
    { heading: 'file' },
    ...['functions', 'vulnerable'].map((heading) => ({ heading, align: 'right' }) as const),
  ];
  const rows = files.map(({ path, records, vulnerable }) => [
    path,
    formatCount(records),
    formatCount(vulnerable),
  ]);
  const reasons = Object.entries(leftOut).map(([reason, count]) => `  ${reason}: ${formatCount(count)}\n`);
  return [
    `read as ${format}\n\n`,
    renderTable(columns, rows, terminal),
    reasons.length === 0 ? '' : `\nleft out, or noted:\n${reasons.join('')}`,
  ].join('');
}
