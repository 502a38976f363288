/** @file Options of `train` and `experiment` for PyTorch: which launcher, how many processes, what they compute in. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { VultuneError } from '../../base/errors.ts';
import { LAUNCHERS, type Launcher } from '../../clusters/launcher.ts';
import type { TorchOptions } from '../../workflows/torch/train-with-torch.ts';

export interface TorchFlags {
  readonly engine: 'vultune' | 'torch';
  readonly launcher?: Launcher;
  readonly nprocPerNode?: number;
  readonly dtype?: NonNullable<TorchOptions['dtype']>;
  readonly strategy?: NonNullable<TorchOptions['strategy']>;
  readonly attention?: string;
  readonly layout?: NonNullable<TorchOptions['layout']>;
}

export function addTorchOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--engine <engine>',
        'what takes the steps: vultune, or torch (PyTorch, for GPUs and clusters)',
      )
        .choices(['vultune', 'torch'])
        .default('vultune'),
    )
    .addOption(
      new Option(
        '--launcher <launcher>',
        'with --engine torch: what starts its processes (default: local); what stands behind -- is given to it',
      ).choices(LAUNCHERS),
    )
    .addOption(
      new Option(
        '--nproc-per-node <n>',
        'with --engine torch: processes on each machine (default: 1)',
      ).argParser(parseProcesses),
    )
    .addOption(
      new Option(
        '--dtype <type>',
        'with --engine torch (default: auto, bf16 on CUDA and float32 on a CPU)',
      ).choices(['auto', 'float32', 'bf16', 'fp16']),
    )
    .addOption(
      new Option(
        '--strategy <strategy>',
        'with --engine torch: a whole model in each process (ddp, the default), or shards of it (fsdp2)',
      ).choices(['ddp', 'fsdp2']),
    )
    .option(
      '--attention <kernel>',
      'with --engine torch: functions (one after the other), sdpa, eager, flash_attention_2 (default: auto)',
    )
    .addOption(
      new Option(
        '--layout <layout>',
        'with --engine torch: packed, or a padded row per function (default: packed for decoders)',
      ).choices(['packed', 'rows']),
    );
}

const MOST_PROCESSES = 1024;

function parseProcesses(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_PROCESSES) return count;
  throw new InvalidArgumentError(`found ${text}, expected a number from 1 to ${MOST_PROCESSES}.`);
}

const FLAGS = {
  launcher: '--launcher',
  nprocPerNode: '--nproc-per-node',
  dtype: '--dtype',
  strategy: '--strategy',
  attention: '--attention',
  layout: '--layout',
} as const;

/** Undefined for Vultune's own engine. @throws VultuneError `CLI_USAGE` for an option of the other one */
export function torchOptions(flags: TorchFlags, launcherArgs: readonly string[]): TorchOptions | undefined {
  if (flags.engine === 'vultune') {
    const given = Object.entries(FLAGS).find(
      ([name]) => flags[name as keyof typeof FLAGS] !== undefined,
    )?.[1];
    const found = given ?? (launcherArgs.length > 0 ? launcherArgs[0] : undefined);
    if (found === undefined) return undefined;
    throw new VultuneError('CLI_USAGE', `found ${found} without --engine torch`, {
      hint: "Vultune's own engine trains in one process: add --engine torch, or remove it.",
    });
  }
  const { launcher, nprocPerNode, dtype, strategy, attention, layout } = flags;
  return {
    launcherArgs,
    ...(launcher === undefined ? {} : { launcher }),
    ...(nprocPerNode === undefined ? {} : { processes: nprocPerNode }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(attention === undefined ? {} : { attention }),
    ...(layout === undefined ? {} : { layout }),
  };
}

/** What the flags and operands of a command ask for: overrides of the configuration, and PyTorch where it is to train. */
export function torchRequest(
  flags: TorchFlags,
  operands: readonly string[],
): { readonly overrides: readonly string[]; readonly torch: TorchOptions | undefined } {
  const { overrides, launcherArgs } =
    flags.engine === 'torch' ? splitArguments(operands) : { overrides: operands, launcherArgs: [] };
  return { overrides, torch: torchOptions(flags, launcherArgs) };
}

const OVERRIDE = /^[A-Za-z_][\w.]*=/;

/** `key=value` first; what follows is the launcher's. */
export function splitArguments(operands: readonly string[]): {
  readonly overrides: readonly string[];
  readonly launcherArgs: readonly string[];
} {
  const at = operands.findIndex((one) => !OVERRIDE.test(one));
  return at < 0
    ? { overrides: operands, launcherArgs: [] }
    : { overrides: operands.slice(0, at), launcherArgs: operands.slice(at) };
}
