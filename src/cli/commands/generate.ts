/** @file `vultune generate`: options; the work is the workflow's. */
import { Command, Option } from 'commander';
import type { GenerateTextOptions } from '../../workflows/generate/generate.ts';
import type { CliContext } from '../context.ts';
import {
  addDeviceOptions,
  addExamples,
  parseCount,
  parseNonNegative,
  parseShare,
  parseWhole,
} from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface GenerateRequest extends Omit<GenerateTextOptions, 'onText' | 'messages'> {
  /** A JSON file. */
  readonly messages?: string;
  readonly json: boolean;
}

export type RunGenerate = (request: GenerateRequest, context: CliContext) => Promise<void>;

export function generateCommand(generate: RunGenerate): CliCommand {
  return (context) => {
    const command = new Command('generate')
      .summary('let a language model continue a text or a chat')
      .description(
        'Let a language model continue a text or a chat.\n\n' +
          'The answer is streamed to standard output; the likeliest token is taken each time, unless --temperature is given.',
      )
      .argument(
        '<model>',
        'folder, GGUF file, hub id, or a run or adapter folder whose adapter is on the language model',
      )
      .option('--prompt <text>', 'a text to continue, used verbatim')
      .option(
        '--messages <file>',
        "JSON list of { role, content }: a chat, written by the model's own chat template",
      )
      .option('--revision <name>', 'branch, tag or commit (hub only)')
      .addOption(
        new Option('--max-new-tokens <n>', 'most tokens of the answer').argParser(parseCount).default(256),
      )
      .addOption(
        new Option('--temperature <x>', '0: the likeliest token; above: tokens are drawn')
          .argParser(parseNonNegative)
          .default(0),
      )
      .addOption(new Option('--top-k <n>', 'draw among the n likeliest tokens').argParser(parseCount))
      .addOption(
        new Option(
          '--top-p <x>',
          'draw among the likeliest tokens that add up to this probability',
        ).argParser(parseShare),
      )
      .addOption(new Option('--seed <n>', 'seed of the random draws').argParser(parseWhole).default(0))
      .option('--stop <text...>', 'texts that end the answer, which ends before them')
      .option(
        '--json',
        'print text, ids and why it ended as JSON on standard output instead of the text',
        false,
      );
    addDeviceOptions(command);
    addExamples(command, [
      ['continue a text', "vultune generate models/coder --prompt 'int add(int a, int b) {' --stop $'\\n}'"],
      ['a chat', 'vultune generate models/coder-instruct --messages question.json'],
    ]);
    return command.action(async (model: string, options: Omit<GenerateRequest, 'model'>) => {
      await generate({ model, ...options }, context);
    });
  };
}
