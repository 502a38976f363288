/** @file `vultune prompt`: options; the work is the workflow's. */
import { Command, Option } from 'commander';
import type { PromptOptions } from '../../workflows/prompt/prompt-options.ts';
import type { CliContext } from '../context.ts';
import {
  addClusterOptions,
  addDeviceOptions,
  addExamples,
  addShardOptions,
  fieldsOption,
  parseCount,
  parseNonNegative,
  parsePositive,
  type ShardOptions,
} from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface PromptRequest extends Omit<PromptOptions, 'endpoint' | 'timeoutMs' | 'sleep'>, ShardOptions {
  /** True: the address in OPENAI_BASE_URL. */
  readonly endpoint?: string | true;
  /** Seconds. */
  readonly timeout: number;
  readonly json: boolean;
}

export type RunPrompt = (request: PromptRequest, context: CliContext) => Promise<void>;

export function promptCommand(prompt: RunPrompt): CliCommand {
  return (context) => {
    const command = new Command('prompt')
      .summary('ask a language model whether functions are vulnerable, and measure its answers')
      .description(
        'Ask a language model about labelled functions, without training it, and measure its answers.\n\n' +
          'A model on this machine reads each function once; the score is the odds of yes against no as its next word. ' +
          'A server that speaks the OpenAI protocol (--endpoint) is asked by chat completions; functions are then sent there. ' +
          'Prints how many answers are neither yes nor no, precision, recall and F1, then what evaluate prints. ' +
          'Answers are kept: the same command again asks only for those that are missing.',
      )
      .argument(
        '<model>',
        "folder, GGUF file, package, hub id or run folder; with --endpoint the model's name there",
      )
      .requiredOption('--prompt <name>', 'pd-1, pd-2, or a YAML file of your own')
      .requiredOption('--data <file>', 'functions with labels, in any format that evaluate reads')
      .addOption(fieldsOption())
      .option(
        '--train <file>',
        'fit the baselines on this file (default: only all-positive stands beside the model)',
      )
      .addOption(new Option('--limit <n>', 'only the first n functions').argParser(parseCount))
      .addOption(
        new Option(
          '--answer <how>',
          'odds: of yes against no as the first token; text: keywords of a generated answer',
        )
          .choices(['odds', 'text'])
          .default('odds'),
      )
      .addOption(
        new Option(
          '--max-length <n>',
          'tokens of prompt and function; of the function at an endpoint (default: as the model allows)',
        ).argParser(parseCount),
      )
      .addOption(
        new Option(
          '--max-new-tokens <n>',
          'most tokens of an answer (default: 16; 128 with --answer text)',
        ).argParser(parseCount),
      )
      .option('--revision <name>', 'branch, tag or commit (hub only)')
      .option('--labels <file>', 'an unclassified.csv whose column "label" you filled with yes or no')
      .option('--out <folder>', 'a new run folder, which evaluate, compare, report, predict and scan take')
      .option('--no-cache', 'neither read nor write cached answers')
      .option('--json', 'print JSON on standard output instead of tables', false);
    command
      .option(
        '--endpoint [url]',
        'ask this server instead, up to /v1 (without an address: OPENAI_BASE_URL); its key is read from OPENAI_API_KEY alone',
      )
      .addOption(
        new Option('--jobs <n>', 'concurrent requests; fewer when the server asks for it')
          .argParser(parseCount)
          .default(4),
      )
      .addOption(
        new Option('--timeout <seconds>', 'time limit of one request').argParser(parsePositive).default(120),
      )
      .option('--dry-run', 'print calls, tokens and price, and make no call', false)
      .option('--tokenizer <model>', 'count tokens with the tokenizer of this model (default: an estimate)')
      .option(
        '--prices <file>',
        'YAML: { currency, models: { NAME: { input, output } } }, per million tokens',
      )
      .addOption(
        new Option('--max-cost <x>', 'make no call that could exceed this cost').argParser(parseNonNegative),
      );
    addShardOptions(command, 'ask about the functions', '--out FILE');
    addClusterOptions(command);
    addDeviceOptions(command);
    addExamples(command, [
      [
        'a model on this machine',
        'vultune prompt models/coder-instruct --prompt pd-1 --data test.jsonl --train train.jsonl',
      ],
      [
        'a server of your own, its answers kept as a run',
        'vultune prompt coder --endpoint http://localhost:8080/v1 --prompt pd-1 --data test.jsonl --out runs/pd-1',
      ],
      [
        'what a hosted model would cost',
        'vultune prompt NAME --endpoint --prompt pd-2 --data test.jsonl --prices prices.yaml --dry-run',
      ],
      [
        'four processes, on one machine or several',
        'vultune prompt models/coder-instruct --prompt pd-1 --data all.jsonl --shard 1/4 --out parts/1.part\n  vultune prompt models/coder-instruct --prompt pd-1 --data all.jsonl --out runs/pd-1 --merge parts/*.part',
      ],
    ]);
    return command.action(async (model: string, options: Omit<PromptRequest, 'model'>) => {
      await prompt({ model, ...options }, context);
    });
  };
}
