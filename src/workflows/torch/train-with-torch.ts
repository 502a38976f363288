/**
 * @file A training whose steps PyTorch takes: planned here, run by a launcher into the run folder, finished here like any other.
 * A run is resumed by either engine: their checkpoints are the same.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import { commandLine, type Launch, type Launcher, stopLine } from '../../clusters/launcher.ts';
import { requireTorchPython } from '../../clusters/python-environment.ts';
import { runLauncher } from '../../clusters/run-launcher.ts';
import type { RunEvent } from '../../runs/events.ts';
import { runEvents, type WritableRun } from '../../runs/run-folder.ts';
import { isPatienceUsedUp } from '../../training/early-stopping.ts';
import { reportInterrupted } from '../report/run-page.ts';
import { TrainingProgress } from '../train/progress.ts';
import { findStart } from '../train/resume-point.ts';
import type { TrainingPlan } from '../train/setup.ts';
import { type TrainingJob, type TrainResult, trainInto } from '../train/train-into.ts';
import { adoptEvaluations } from './adopt-evaluations.ts';
import { EarlyStop } from './early-stop.ts';
import { handOver } from './hand-over.ts';
import { hasTorchPlan, planFolderOf, removeTorchPlan, requirePlanOfRun } from './plan-of-run.ts';
import { writeTrainingPlan } from './write-plan.ts';

export interface TorchOptions {
  /** Default: local. */
  readonly launcher?: Launcher;
  /** Processes on each machine. Default: 1. */
  readonly processes?: number;
  readonly launcherArgs?: readonly string[];
  /** Default: auto (bf16 on CUDA, float32 on a CPU). */
  readonly dtype?: 'auto' | 'float32' | 'bf16' | 'fp16';
  /** Whether each process holds the whole model (ddp, the default) or a part of it. */
  readonly strategy?: 'ddp' | 'fsdp2';
  readonly attention?: string;
  /** Instead of the plan's own. */
  readonly layout?: 'packed' | 'rows';
  /** Default: VULTUNE_PYTHON, else the environment of `vultune torch setup`. */
  readonly python?: string;
}

/** A training that begins, or goes on. */
export interface TorchStart {
  readonly parameters: AdapterParameters;
  /** Train again from the first step, by a new plan. Default: false. */
  readonly startOver?: boolean;
}

/**
 * Trains with PyTorch from the last checkpoint, or the first step, to the end; then evaluates and finishes the run here.
 * @throws VultuneError as `findStart`, `TORCH_...`
 */
export async function trainWithTorch(
  job: TrainingJob,
  start: TorchStart,
  options: TorchOptions,
): Promise<TrainResult> {
  const { run, plan, records, context } = job;
  if ((await runTorchSteps(job, start, options)) === 'interrupted') {
    await reportInterrupted(run, context.report);
    return { status: 'interrupted', run: run.dir };
  }
  const { state } = await findStart(run, start.parameters, false, context.report);
  const scoresBestAgain = await adoptEvaluations(run, plan, records.get('valid_file')!, state);
  return await trainInto({ ...job, scoresBestAgain }, state);
}

/** Has PyTorch take the steps of a run that are not done yet; returns whether a signal stopped it. */
async function runTorchSteps(
  { run, plan, records, context }: TrainingJob,
  { parameters, startOver = false }: TorchStart,
  options: TorchOptions,
): Promise<'finished' | 'interrupted'> {
  const { signal, report } = context;
  const python = options.python ?? requireTorchPython({ cacheDir: plan.config.cache_dir ?? undefined });
  const folder = planFolderOf(run.dir);
  // A resumed run goes on with the plan that it began with.
  if (startOver) removeTorchPlan(run.dir);
  if (!hasTorchPlan(run.dir)) {
    report.note('planning the steps');
    try {
      await writeTrainingPlan(folder, plan, records, run.record.data, context);
    } catch (error) {
      // A probe of a large file takes a while.
      if (!signal.aborted) throw error;
      return 'interrupted';
    }
  }
  requirePlanOfRun(run.dir, plan);
  const start = await findStart(run, parameters, startOver, report);
  // Killed before its first checkpoint, the new training has none, and the log would know of those of the old one alone.
  if (startOver) run.events.append({ type: 'resumed', step: 0, checkpoint: '', pid: process.pid });
  const before = await handOver(run, folder, start);
  // What came before PyTorch's first evaluation may have ended the training already.
  if (isPatienceUsedUp(plan.trainer.earlyStoppingPatience, before)) return 'finished';
  const launch: Launch = {
    launcher: options.launcher ?? 'local',
    python,
    processes: options.processes ?? 1,
    launcherArgs: options.launcherArgs ?? [],
    runner: [join(folder, 'run_plan.py'), folder, run.dir, ...runnerOptions(plan, options)],
    job: `vultune-${randomUUID()}`,
  };
  const command = commandLine(launch);
  report.note(`starting ${command.join(' ')}`);
  let progress: TrainingProgress | undefined;
  const { config, trainer } = plan;
  const enough = new AbortController();
  let looking = Promise.resolve();
  const validRecords = records.get('valid_file')!;
  const earlyStop = new EarlyStop({ plan, checkpoints: run.paths.checkpoints, validRecords, before });
  const look = async (event: RunEvent) => {
    if (await earlyStop.follow(event)) enough.abort();
  };
  try {
    const end = await runLauncher({
      command,
      stop: stopLine(launch),
      events: run.paths.events,
      signal: AbortSignal.any([signal, enough.signal]),
      onEvent: (event) => {
        if (event.type === 'checkpoint' || event.type === 'resumed') {
          looking = looking.then(() => look(event));
          looking.catch(() => enough.abort());
        }
        if (event.type === 'run_started' || event.type === 'resumed') {
          progress ??= new TrainingProgress(report, {
            totalSteps: event.type === 'run_started' ? event.totalSteps : stepsOf(run),
            step: event.type === 'resumed' ? event.step : 0,
            epochs: config.num_train_epochs,
            evaluateEvery: trainer.evaluateEvery,
            metric: config.metric_for_best_model,
          });
        }
        progress?.show(event);
      },
    });
    await looking;
    return enough.signal.aborted && !signal.aborted ? 'finished' : end;
  } finally {
    progress?.stop();
  }
}

/** Steps of the whole training, as its first event says; 0 before that. */
function stepsOf(run: WritableRun): number {
  const started = runEvents(run).find(({ type }) => type === 'run_started');
  return started?.type === 'run_started' ? started.totalSteps : 0;
}

function runnerOptions({ config, model }: TrainingPlan, options: TorchOptions): string[] {
  const { dtype, strategy, attention, layout } = options;
  return [
    '--base',
    model.path,
    ...(dtype === undefined ? [] : ['--dtype', dtype]),
    ...(strategy === undefined ? [] : ['--strategy', strategy]),
    ...(attention === undefined ? [] : ['--attention', attention]),
    ...(layout === undefined ? [] : ['--layout', layout]),
    ...(config.num_threads === null ? [] : ['--threads', `${config.num_threads}`]),
  ];
}
