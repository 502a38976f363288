/** @file `vultune train`: options, checks of all input, then the training. */
import { Command } from 'commander';
import { VultuneError } from '../../base/errors.ts';
import { configKeys, configYaml } from '../../config/describe.ts';
import type { TorchOptions } from '../../workflows/torch/train-with-torch.ts';
import type { TrainingCheck } from '../../workflows/train/check-training.ts';
import type { ResumeOptions } from '../../workflows/train/resume.ts';
import type { TrainRequest } from '../../workflows/train/train.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { wrapText } from '../display/wrap.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';
import { describeInputs } from '../train/inputs-table.ts';
import { readRequest } from '../train/read-request.ts';
import { addTorchOptions, type TorchFlags, torchOptions, torchRequest } from '../train/torch-options.ts';

export interface TrainRunners {
  train(request: TrainRequest, context: CliContext, torch?: TorchOptions): Promise<unknown>;
  resume(options: ResumeOptions, context: CliContext): Promise<unknown>;
  /** What `train` checks before its first step. */
  check(request: TrainRequest, context: Pick<CliContext, 'signal'>): Promise<TrainingCheck>;
}

interface Options extends TorchFlags {
  readonly dryRun?: true;
  readonly resume?: string;
  readonly startOver?: true;
}

export function trainCommand(runners: TrainRunners): CliCommand {
  return (context) => {
    const command = new Command('train')
      .summary('fine-tune a model on labelled functions')
      .description(
        'Fine-tune a language model (LoRA, DoRA, AdaLoRA or whole) to classify functions as vulnerable or safe.\n\n' +
          'All input is checked before a model is loaded or a folder made. The run folder (output_dir) gets ' +
          'the adapter as PEFT writes it, checkpoints, events, predictions and metrics. Ctrl-C writes a ' +
          'checkpoint and prints how to resume.',
      )
      .argument('[config]', 'YAML file of the run; its keys are listed by `vultune config keys`')
      .argument(
        '[overrides...]',
        'key=value, each overrides the file: learning_rate=2e-4 "lora_layers=last 8"',
      )
      .option(
        '--dry-run',
        'check everything that train checks before its first step, print the resolved configuration, stop',
      )
      .option('--resume <run>', 'resume an interrupted run from its last checkpoint, bit for bit')
      .option(
        '--start-over',
        'with --resume: train again from the first step (when the checkpoint is lost, or a finished run is to be made again)',
      )
      .addHelpText('after', () => `\nConfiguration keys:\n${keyGroups(context.stdout.columns())}`);
    addTorchOptions(command);
    addExamples(command, [
      ['train with this configuration', 'vultune train train.yaml'],
      [
        'the same with another rank, into another folder',
        'vultune train train.yaml lora_r=16 output_dir=runs/r16',
      ],
      ['check everything first', 'vultune train train.yaml --dry-run'],
      ['resume after Ctrl-C or a power cut', 'vultune train --resume runs/first'],
      ['on two GPUs of this machine', 'vultune train train.yaml --engine torch --nproc-per-node 2'],
    ]);
    return command.action(async (first: string | undefined, operands: string[], options: Options) => {
      if (options.resume !== undefined) {
        // Without a configuration the first operand is the launcher's.
        const isLauncherArg = first !== undefined && options.engine === 'torch' && first.startsWith('-');
        refuseWithResume(isLauncherArg ? undefined : first, options);
        const torch = torchOptions(options, isLauncherArg ? [first, ...operands] : operands);
        const resumed = { run: options.resume, startOver: options.startOver ?? false };
        await runners.resume(torch === undefined ? resumed : { ...resumed, torch }, context);
        return;
      }
      const { overrides, torch } = torchRequest(options, operands);
      if (options.startOver) {
        throw new VultuneError('CLI_USAGE', 'found --start-over without --resume RUN', {
          hint: 'a new run starts from its first step anyway',
        });
      }
      const request = await readRequest('train', first, overrides, context);
      if (options.dryRun) await dryRun(request, runners, context);
      else await runners.train(request, context, torch);
    });
  };
}

async function dryRun(request: TrainRequest, runners: TrainRunners, context: CliContext): Promise<void> {
  const { inputs } = request;
  const { stdout, stderr } = context;
  const { config, notes, warnings, unchecked } = await runners.check(request, context);
  stdout.write(configYaml(config));
  stderr.write(`\n${describeInputs(inputs, stderr)}`);
  for (const { path, notes = [] } of inputs) {
    for (const note of notes) stderr.write(`${harmless(`${path}: ${note}`)}\n`);
  }
  for (const note of notes) stderr.write(`${harmless(note)}\n`);
  for (const warning of warnings) stderr.write(`${stderr.colors.bad('warning:')} ${harmless(warning)}\n`);
  stderr.write(`\nall checks passed; without --dry-run this would train into ${config.output_dir}\n`);
  stderr.write(`not checked: ${unchecked.join('; ')}\n`);
}

function refuseWithResume(config: string | undefined, { dryRun }: Options): void {
  const other = config !== undefined ? config : dryRun ? '--dry-run' : undefined;
  if (other === undefined) return;
  throw new VultuneError('CLI_USAGE', `found ${other} beside --resume, expected --resume RUN alone`, {
    hint: 'a resumed run keeps the configuration it was started with; for another one, start a new run',
  });
}

/** `  What is trained: lora_r, lora_alpha ...`, wrapped. */
function keyGroups(columns: number): string {
  const keys = configKeys();
  const groups = [...new Set(keys.map(({ group }) => group))];
  const lines = groups.flatMap((name) => {
    const names = keys.filter(({ group }) => group === name).map(({ key }) => key);
    return [
      `  ${name}:`,
      ...wrapText(names.join(', '), Math.min(columns, 100) - 5).map((line) => `    ${line}`),
    ];
  });
  return [...lines, '  (`vultune config keys` says what each does, with type and default)'].join('\n');
}
