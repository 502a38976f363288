/** @file `vultune data check`: proves that nothing of one part of a dataset is in another, or says what is. */
import { Command, Option } from 'commander';
import { LEAK_KINDS, type LeakKind } from '../../../dataset/check/leak-report.ts';
import type { CliContext } from '../../context.ts';
import { leakText } from '../../display/leak-text.ts';
import { addExamples, parseCount } from '../../options.ts';
import { addInputs, type InputOptions, leftOutLine, openInputs } from './dataset-inputs.ts';
import { nearDuplicatesOption } from './near-duplicates-option.ts';

interface Options extends InputOptions {
  readonly nearDuplicates: number;
  readonly ignore: readonly LeakKind[];
  readonly examples: number;
  readonly json: boolean;
}

export function checkCommand(_stages: unknown, context: CliContext): Command {
  const command = new Command('check')
    .summary('check that nothing leaks from one part of a dataset into another')
    .description(
      'Check that no pair, commit, CVE, duplicate or near duplicate lies in two parts of a dataset, and that no ' +
        'body has both labels; list every violation. Exit code 1 when something is found.\n\n' +
        'Parts come from the file names (train, valid, test) or a field "split"; otherwise each file is one part.  ' +
        'Comparison ignores comments and white space.',
    );
  addInputs(command)
    .addOption(nearDuplicatesOption())
    .addOption(
      new Option('--ignore <kinds...>', 'kinds of leaks to skip').choices(LEAK_KINDS).default([], 'none'),
    )
    .addOption(new Option('--examples <n>', 'examples to show of each kind').default(5).argParser(parseCount))
    .option('--json', 'print JSON on standard output instead of text', false);
  addExamples(command, [
    ['a dataset that vultune built', 'vultune data check datasets/kb'],
    ['somebody else’s files, together', 'vultune data check train.jsonl valid.jsonl test.jsonl'],
    ['near duplicates are accepted here', 'vultune data check datasets/kb --ignore near-duplicate'],
  ]);
  return command.action((paths: string[], options: Options) => check(paths, options, context));
}

async function check(paths: readonly string[], options: Options, context: CliContext): Promise<void> {
  const { stdout, stderr, setExitCode } = context;
  const { findLeaks } = await import('../../../dataset/check/find-leaks.ts');
  const inputs = await openInputs(paths, options, context);
  const report = await findLeaks(inputs.records(), {
    threshold: options.nearDuplicates,
    kinds: LEAK_KINDS.filter((kind) => !options.ignore.includes(kind)),
    examples: options.examples,
  });
  stderr.write(leftOutLine(inputs.leftOut.counts));
  stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : leakText(report, stdout));
  if (!report.ok) setExitCode(1);
}
