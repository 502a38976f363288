/** @file How the processes of a PyTorch training are started, and a job of them stopped: command lines. Starts nothing. */
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
  /** The name of the job, for launchers whose jobs outlive the program that submits them. */
  readonly job?: string | undefined;
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
      return [
        besidePython(python, 'ray'),
        'job',
        'submit',
        ...rayJob(launch),
        ...launcherArgs,
        '--',
        ...inside,
      ];
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

/** What stops the job; undefined where it ends with the program that started it. */
export function stopLine(launch: Launch): readonly [string, ...string[]] | undefined {
  const { launcher, python, launcherArgs, job } = launch;
  const id = RAY_NAMES.map((name) => optionOf(launcherArgs, name)).find((one) => one !== undefined) ?? job;
  if (launcher !== 'ray' || id === undefined) return undefined;
  const cluster = RAY_CLUSTER.flatMap((name) => {
    const value = optionOf(launcherArgs, name);
    return value === undefined ? [] : [name, value];
  });
  return [besidePython(python, 'ray'), 'job', 'stop', ...cluster, id];
}

/** Options of Ray's commands that say which cluster is meant. */
const RAY_CLUSTER = ['--address', '--headers', '--verify'] as const;

const RAY_NAMES = ['--submission-id', '--job-id'] as const;

function rayJob({ launcherArgs, job }: Launch): readonly string[] {
  const isNamed = RAY_NAMES.some((name) => optionOf(launcherArgs, name) !== undefined);
  return job === undefined || isNamed ? [] : ['--submission-id', job];
}

/** The value of `--name value` or `--name=value`. */
function optionOf(args: readonly string[], name: string): string | undefined {
  const joined = args.find((arg) => arg.startsWith(`${name}=`));
  const at = args.indexOf(name);
  return joined?.slice(name.length + 1) ?? (at < 0 ? undefined : args[at + 1]);
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
