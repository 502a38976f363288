/** @file `vultune triage`: its options. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { TriageOptions } from '../../workflows/triage/triage-options.ts';
import type { CliContext } from '../context.ts';
import {
  addBlendOption,
  addDeviceOptions,
  addExamples,
  addThresholdOption,
  parseCount,
  parseNonNegative,
  parseShare,
} from '../options.ts';
import type { CliCommand } from '../program.ts';
import { refuseSwapped } from '../usage-hint.ts';

export const TRIAGE_FORMATS = ['text', 'json', 'sarif'] as const;
export type TriageFormat = (typeof TRIAGE_FORMATS)[number];

export interface TriageRequest extends TriageOptions {
  /** Default: `sarif` for an output file with that extension, else `text`. */
  readonly format?: TriageFormat;
  /** A file to write, atomically; default: stdout. */
  readonly output?: string;
  /** Findings shown as text. */
  readonly top: number;
}

export type RunTriage = (request: TriageRequest, context: CliContext) => Promise<void>;

type Options = Omit<TriageRequest, 'run' | 'log'> & { readonly out?: string };

const DEFAULT_TOP = 50;
/** Nobody reads a longer table; JSON has all. */
const MOST_TOP = 10_000;

export function triageCommand(runTriage: RunTriage): CliCommand {
  return (context) => {
    const command = new Command('triage')
      .summary("rank another scanner's findings by the score of their function")
      .description(
        "Score the functions that another scanner's findings stand in, and rank the findings by it; the scanner's file is SARIF " +
          '2.1.0 (Semgrep, CodeQL, Bearer, find-sec-bugs).\n\n' +
          'Every finding stays: one outside any function, or in a file that cannot be read, is listed behind the others with the ' +
          "reason. As SARIF the result is the scanner's own file with `rank` and properties added to each result. Nothing outside " +
          '--root is read. With labels it says what the new order did to the precision at the top.',
      )
      .argument('<run>', 'run folder, PEFT adapter folder, or hub id of an adapter')
      .argument('<log>', "the other scanner's findings, a SARIF file")
      .option('--root <folder>', 'folder that the scanner looked at', '.')
      .addOption(
        new Option('--format <name>', 'output format (default: text, or sarif for --out FILE.sarif)').choices(
          TRIAGE_FORMATS,
        ),
      )
      .option('--out <file>', 'write here instead of standard output')
      .addOption(new Option('--top <n>', 'findings shown (text)').argParser(parseTop).default(DEFAULT_TOP))
      .addOption(
        new Option(
          '--suppress-below <score>',
          'mark findings whose function scores below as suppressed, with a justification (sarif)',
        ).argParser(parseShare),
      )
      .addOption(
        new Option(
          '--labels <file>',
          'which findings are real, to measure the order: CSV or JSON lines of file, line, label (true or false)',
        ),
      )
      .addOption(
        new Option(
          '--label-property <name>',
          "the same out of the scanner's file: a property of its results, or kind (fail is real, pass is not)",
        ).conflicts('labels'),
      )
      .addOption(
        new Option(
          '--max-length <n>',
          "tokens read per function (default: the run's, or the model's own)",
        ).argParser(parseCount),
      )
      .option('--no-cache', 'neither read nor write the cache of scores')
      .addOption(new Option('--seed <n>', 'seed of the intervals').argParser(parseNonNegative).default(42));
    addThresholdOption(command);
    addBlendOption(command);
    addDeviceOptions(command);
    addExamples(command, [
      ["Semgrep's findings, the likeliest first", 'vultune triage runs/first semgrep.sarif --root .'],
      ['the same file with ranks', 'vultune triage runs/first codeql.sarif --out triaged.sarif'],
      [
        'what it does to precision at the top',
        'vultune triage runs/first findings.sarif --labels reviewed.csv',
      ],
    ]);
    return command.action(async (run: string, log: string, { out, ...options }: Options) => {
      refuseSwapped(run, [log], (meant, path) => `vultune triage ${meant} ${path}`);
      await runTriage({ run, log, ...options, ...(out === undefined ? {} : { output: out }) }, context);
    });
  };
}

function parseTop(text: string): number {
  const value = parseCount(text);
  if (value > MOST_TOP) throw new InvalidArgumentError(`found ${text}, expected at most ${MOST_TOP}.`);
  return value;
}
