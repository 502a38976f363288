/** @file How the processes of a PyTorch training are started: one command line a launcher. Starts nothing. */
import { dirname, join } from 'node:path';

export const LAUNCHERS = ['local', 'torchrun', 'accelerate', 'ray', 'slurm', 'command'] as const;

export type Launcher = (typeof LAUNCHERS)[number];

export interface Launch {
  readonly launcher: Launcher;
  /** The Python of the environment that torch is installed in. */
  readonly python: string;
  /** Processes on each machine. */
  readonly processes: number;
  /** The launcher's own. */
  readonly launcherArgs: readonly string[];
  /** run_plan.py with its arguments. */
  readonly runner: readonly [string, ...string[]];
}

/** Options with which torchrun finds other machines, so that it is not to stand alone. */
const MEETING = /^--?(nnodes|rdzv[-_]|master[-_]addr|node[-_]rank)/;

/** Program and arguments. */
export function commandLine(launch: Launch): readonly [string, ...string[]] {
  const { launcher, python, processes, launcherArgs, runner } = launch;
  const alone: readonly [string, ...string[]] = [python, ...runner];
  const inside = processes > 1 ? torchrun(launch, []) : alone;
  switch (launcher) {
    case 'local':
      return inside;
    case 'torchrun':
      return torchrun(launch, launcherArgs);
    case 'accelerate':
      return [
        python,
        '-m',
        'accelerate.commands.launch',
        ...(processes > 1 ? ['--multi_gpu', '--num_processes', `${processes}`] : ['--num_processes', '1']),
        ...launcherArgs,
        ...runner,
      ];
    case 'ray':
      return [besidePython(python, 'ray'), 'job', 'submit', ...launcherArgs, '--', ...inside];
    case 'slurm':
      return [
        'srun',
        ...(processes > 1 ? [`--ntasks-per-node=${processes}`] : []),
        ...launcherArgs,
        ...alone,
      ];
    case 'command': {
      const [program, ...args] = launcherArgs;
      return program === undefined ? inside : [program, ...args, ...inside];
    }
  }
}

function torchrun({ python, processes, runner }: Launch, args: readonly string[]): [string, ...string[]] {
  const meets = args.some((one) => MEETING.test(one));
  return [
    python,
    '-m',
    'torch.distributed.run',
    ...(meets ? [] : ['--standalone']),
    `--nproc-per-node=${processes}`,
    ...args,
    ...runner,
  ];
}

/** A program that was installed with the packages of a Python. */
const besidePython = (python: string, name: string) =>
  python.includes('/') ? join(dirname(python), name) : name;
