/** @file `vultune scan`: its options. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { VultuneError } from '../../base/errors.ts';
import type { UsedSettings } from '../../scan/finding.ts';
import { NESTED } from '../../scan/nested-findings.ts';
import { SCAN_FORMATS, type ScanFormat } from '../../scan/output/format-names.ts';
import { BANDS } from '../../scan/output/score-words.ts';
import type { Shard } from '../../shards/shard.ts';
import { DEFAULT_FRAMES, type ScanOptions } from '../../workflows/scan/scan-options.ts';
import type { CliContext } from '../context.ts';
import {
  addBlendOption,
  addDeviceOptions,
  addExamples,
  addPrecisionOption,
  addShardOptions,
  addThresholdOption,
  parseCount,
  parsePrevalence,
  parseShare,
  parseWhole,
} from '../options.ts';
import type { CliCommand } from '../program.ts';
import { refuseSwapped } from '../usage-hint.ts';

export const FAIL_BANDS = ['vulnerable', 'uncertain', 'none'] as const;

export interface ScanRequest extends ScanOptions {
  /** Score this share of the functions, and write it to `output`. */
  readonly shard?: Shard;
  readonly format: ScanFormat;
  /** A file to write, atomically; default: stdout. */
  readonly output?: string;
  /** Findings shown with their code. */
  readonly frames: number;
  /** Write all findings to `baseline` instead of reading it. */
  readonly updateBaseline: boolean;
  readonly failOn: (typeof FAIL_BANDS)[number];
  /** Who accepts what is new in the baseline, and until which day. */
  readonly acceptedBy?: string;
  readonly acceptedUntil?: string;
  /** Which options come from a file of settings. */
  readonly usedSettings?: UsedSettings;
}

export type RunScan = (request: ScanRequest, context: CliContext) => Promise<void>;

/** A command line as it was typed. */
export interface AskedScan {
  /** The run and the paths, either or both of which settings may leave out. */
  readonly words: readonly string[];
  readonly options: ScanCommandOptions;
  /** Whether an option was typed, by its name in `options`. */
  readonly isGiven: (name: string) => boolean;
}

export type ScanCommandOptions = Omit<ScanRequest, 'run' | 'paths' | 'output'> & {
  readonly out?: string;
  readonly output?: string;
  /** Undefined: those that are found; false: none. */
  readonly settings?: string | false;
};

/** Completes a command line by the settings of the repository. */
export type CompleteScan = (asked: AskedScan, context: CliContext) => Promise<ScanRequest>;

export function scanCommand(runScan: RunScan, complete: CompleteScan = withoutSettings): CliCommand {
  return (context) => {
    const command = new Command('scan')
      .summary('find the functions of a source tree that look vulnerable')
      .description(
        'Score every function below the paths with a fine-tuned model; the highest-scoring findings come first.\n\n' +
          'Skips files that .gitignore excludes and git does not track, node_modules, tests, fuzzing, benchmarks, examples, ' +
          'vendored code, generated and minified files, symbolic links, and functions that do nothing; the ' +
          'output counts what was left out. Scores are kept: a second scan of an ' +
          'unchanged tree is instant. A comment `vultune-ignore: reason [by NAME] [until 2027-01-31]` in a function, or just ' +
          'above it, suppresses its finding; what has expired is reported again.\n\n' +
          `Bands: ${BANDS}. Every output says how well the model was measured to rank: findings of a model that ` +
          'is no better than chance, or was never measured, are notes without a severity.\n\n' +
          'Exit code: 0 clean, 1 findings, 2 error, 130 interrupted.',
      )
      .argument('[run]', 'run folder, PEFT adapter folder, or hub id of an adapter')
      .argument('[paths...]', 'files and folders to scan')
      .option(
        '--settings <file>',
        'settings to scan with (default: vultune.yaml here, or at the top of this repository)',
      )
      .option('--no-settings', 'scan without a settings file');
    addOutputOptions(command);
    addSelectionOptions(command);
    addJudgementOptions(command);
    addPrecisionOption(command);
    addDeviceOptions(command);
    addShardOptions(command, 'score the functions', '--out FILE');
    addExamples(command, [
      ['a whole project', 'vultune scan runs/first .'],
      ['as vultune.yaml says', 'vultune scan'],
      ['for a code-hosting site', 'vultune scan runs/first src --format sarif --out vultune.sarif'],
      ['for a GitLab merge request', 'vultune scan runs/first . --format gitlab --out gl-sast-report.json'],
      ['what a branch changes', 'vultune scan runs/first . --diff origin/main --format github'],
      [
        "accept today's findings, report only new ones",
        'vultune scan runs/first . --baseline .vultune-baseline.json --update-baseline',
      ],
      [
        'on four processes or machines: run with each of 1/4 to 4/4, then join',
        'vultune scan runs/first . --shard 1/4 --out parts/1.jsonl\n  vultune scan runs/first . --format sarif --merge parts/*.jsonl',
      ],
      ['at most 1 false alarm in 200 functions', 'vultune scan runs/first src --max-false-positives 1/200'],
    ]);
    return command.action(async (run: string | undefined, paths: string[], options: ScanCommandOptions) => {
      const words = run === undefined ? [] : [run, ...paths];
      const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
      await runScan(await complete({ words, options, isGiven }, context), context);
    });
  };
}

/** @throws VultuneError `CLI_USAGE` where the run or the paths are missing, or have changed places. */
export function withoutSettings({ words, options }: AskedScan): Promise<ScanRequest> {
  const [run, ...paths] = words;
  if (run === undefined || paths.length === 0) {
    const missing = run === undefined ? 'a run and paths' : 'paths';
    throw new VultuneError('CLI_USAGE', `${missing} to scan are missing: vultune scan RUN PATH...`, {
      hint: '`vultune init` writes a vultune.yaml that says them once',
    });
  }
  refuseSwapped(run, paths, (meant, path) => `vultune scan ${meant} ${path}`);
  const { out, settings: _, ...rest } = options;
  return Promise.resolve({ run, paths, ...rest, ...(out === undefined ? {} : { output: out }) });
}

function addOutputOptions(command: Command): void {
  command
    .addOption(new Option('--format <name>', 'output format').choices(SCAN_FORMATS).default('text'))
    .option('--out <file>', 'write here instead of standard output')
    .addOption(new Option('--output <file>', 'the same as --out').hideHelp())
    .addOption(
      new Option('--top <n>', 'list only the n highest-scoring findings and count the others').argParser(
        parseCount,
      ),
    )
    .addOption(
      new Option('--frames <n>', 'findings shown with their code (text, html); 0 for none')
        .argParser(parseWhole)
        .default(DEFAULT_FRAMES),
    )
    .option('--no-lines', 'do not look for the lines behind those findings (text, html, json)')
    .addOption(
      new Option('--fail-on <band>', 'exit with code 1 when a finding is in this band or above')
        .choices(FAIL_BANDS)
        .default('vulnerable'),
    );
}

function addSelectionOptions(command: Command): void {
  command
    .addOption(
      new Option('--include <glob>', 'only these files (repeatable)').argParser(collect).default([], 'all'),
    )
    .addOption(
      new Option('--exclude <glob>', 'skip these files or folders (repeatable)')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--no-gitignore', 'also scan what .gitignore excludes')
    .option(
      '--include-tests',
      'also scan tests, fuzzing, benchmarks, examples and vendored code, by the names of their folders and files',
      false,
    )
    .option(
      '--include-generated',
      'also scan files whose first comments say that a program wrote them',
      false,
    )
    .option('--include-trivial', 'also score functions whose body is empty or only gives a value back', false)
    .addOption(
      new Option(
        '--nested <which>',
        'of findings inside one another: the innermost that explain the outer one, the outermost, or both',
      )
        .choices(NESTED)
        .default('inner'),
    )
    .option('--include-minified', 'also scan minified files', false)
    .option('--diff <commit>', 'only functions changed since this commit, with their earlier score')
    .option('--baseline <file>', 'do not report the findings that this file lists')
    .option('--update-baseline', 'write all findings of this scan to the baseline file', false)
    .option('--accepted-by <name>', 'with --update-baseline: who accepts the findings that are new in it')
    .option(
      '--accepted-until <day>',
      'with --update-baseline: the last day on which those are not reported, as 2027-01-31',
    );
}

function addJudgementOptions(command: Command): void {
  addThresholdOption(command);
  addBlendOption(command);
  command
    .addOption(
      new Option(
        '--max-false-positives <share>',
        "choose the threshold that flags at most this share of the run's safe validation functions: 1/200, 0.005 or 0.5%",
      )
        .argParser(parseBudget)
        .conflicts('threshold'),
    )
    .addOption(
      new Option(
        '--prevalence <x>',
        'share of functions that are vulnerable in what is scanned: scores become probabilities at that rate, bands stay',
      ).argParser(parsePrevalence),
    )
    .addOption(
      new Option('--min-confidence <x>', 'hide findings with a lower score').argParser(parseShare).default(0),
    )
    .addOption(
      new Option(
        '--max-length <n>',
        "tokens read per function (default: the run's, or the model's own)",
      ).argParser(parseCount),
    )
    .option('--no-cache', 'neither read nor write the cache of scores')
    .option('--allow-endpoint', 'of a run of vultune prompt: send the functions to its endpoint', false);
}

const collect = (value: string, previous: readonly string[]) => [...previous, value];

/** `1/200`, `0.005`, `0.5%`: from 0 to 1; undefined for any other text. */
export function budgetOf(text: string): number | undefined {
  const match = /^\s*([\d.]+)\s*(?:\/\s*([\d.]+)|(%))?\s*$/.exec(text);
  const value =
    match === null ? Number.NaN : Number(match[1]) / (match[3] === '%' ? 100 : Number(match[2] ?? 1));
  return value >= 0 && value <= 1 ? value : undefined;
}

function parseBudget(text: string): number {
  const value = budgetOf(text);
  if (value !== undefined) return value;
  throw new InvalidArgumentError(`found ${text}, expected a share such as 1/200, 0.005 or 0.5%.`);
}
