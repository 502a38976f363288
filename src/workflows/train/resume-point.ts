/** @file Where a resumed run continues from, and whether what its checkpoint says can be of this run. Trains nothing. */
import { join } from 'node:path';
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import { VultuneError } from '../../base/errors.ts';
import { type RunEvent, withoutLostSteps } from '../../runs/events.ts';
import { markUnfinished, type Run, runEvents } from '../../runs/run-folder.ts';
import { otherCheckpoint } from '../../training/checkpoint-file.ts';
import { type LoadedState, loadState, removeCheckpoints, STATE_FILE } from '../../training/checkpoints.ts';
import { initialState, type TrainerState } from '../../training/trainer-state.ts';
import type { Reporter } from '../context.ts';

export interface StartingPoint {
  readonly state: TrainerState;
  /** Relative to the run folder; empty where the run starts from its first step. */
  readonly checkpoint: string;
}

/** @throws VultuneError `RUN_CHECKPOINT_MISSING` when a checkpoint was written and is not there; as `loadState`. */
export async function findStart(
  run: Run,
  parameters: AdapterParameters,
  startOver: boolean,
  report: Reporter,
): Promise<StartingPoint> {
  const events = sinceFirstStep(runEvents(run));
  const lastStep = events.reduce(
    (last, event) => (event.type === 'step' ? Math.max(last, event.step) : last),
    0,
  );
  const fromStart: StartingPoint = { state: initialState(parameters), checkpoint: '' };
  if (startOver) {
    // First the mark: killed between the two, the run has all of its steps, and a resume writes its last files again.
    markUnfinished(run);
    removeCheckpoints(run.paths.checkpoints);
    if (lastStep > 0) report.warn(`steps 1 to ${lastStep} are done again, as --start-over asks`);
    return fromStart;
  }
  const loaded = await loadState(run.paths.checkpoints, parameters);
  if (loaded === undefined) {
    const written = events.findLast(({ type }) => type === 'checkpoint' || type === 'interrupted');
    if (written !== undefined) throw missing(run, 'step' in written ? written.step : lastStep);
    if (lastStep > 0) report.warn(`no checkpoint was written yet: steps 1 to ${lastStep} are done again`);
    return fromStart;
  }
  const lack = lackOf(loaded, newestCheckpoint(events));
  if (lack !== undefined) report.warn(`${lack}; resuming from ${loaded.file}, step ${loaded.state.step}`);
  return { state: loaded.state, checkpoint: `checkpoints/${loaded.file}` };
}

/** The events of the last training from the first step on: with `--start-over`, those before it have lost their checkpoints. */
function sinceFirstStep(events: readonly RunEvent[]): readonly RunEvent[] {
  const begun = events.findLastIndex(
    (event) => event.type === 'run_started' || (event.type === 'resumed' && event.checkpoint === ''),
  );
  return events.slice(begun + 1);
}

/** What keeps the run from going on where it stopped; undefined where nothing does. `newest` is a step. */
function lackOf({ state, file, damage }: LoadedState, newest: number): string | undefined {
  if (damage !== undefined) return `${STATE_FILE} is skipped (${damage.message})`;
  const known = state.step < newest ? `events.jsonl knows of a checkpoint at step ${newest}` : undefined;
  if (file !== STATE_FILE) return `${STATE_FILE} is missing${known === undefined ? '' : ` (${known})`}`;
  return known === undefined ? undefined : `${known}, and ${STATE_FILE} is older`;
}

/** Its step, 0 where there is none; of those that an earlier resume went back before, none counts. */
function newestCheckpoint(events: readonly RunEvent[]): number {
  const newest = withoutLostSteps(events).findLast(({ type }) => type === 'checkpoint');
  return newest?.type === 'checkpoint' ? newest.step : 0;
}

function missing(run: Run, step: number): VultuneError {
  return new VultuneError(
    'RUN_CHECKPOINT_MISSING',
    `events.jsonl knows of a checkpoint at step ${step}, and there is none in ${run.paths.checkpoints}`,
    {
      where: { file: join(run.paths.checkpoints, STATE_FILE) },
      hint: `put the file back, or train again from the first step: vultune train --resume ${run.dir} --start-over`,
    },
  );
}

export interface ExpectedOfState {
  readonly totalSteps: number;
  readonly epochs: number;
  readonly validFunctions: number;
  readonly trainFunctions: number;
  /** Whether there is such a training function, and no fix touched it. */
  isUnrelated(index: number): boolean;
}

/** @throws VultuneError `RUN_CHECKPOINT_OTHER` when the counters cannot be of this run. */
export function requireFitting(run: Run, state: TrainerState, expected: ExpectedOfState): void {
  const { step, epoch, best, difficulty, chosen } = state;
  const wrong =
    step > expected.totalSteps
      ? `step ${step} of ${expected.totalSteps}`
      : epoch > expected.epochs
        ? `epoch ${epoch} of ${expected.epochs}`
        : best !== undefined && best.step > step
          ? `the best of step ${best.step} at step ${step}`
          : best !== undefined && best.validScores.length !== expected.validFunctions
            ? `${best.validScores.length} scores for ${expected.validFunctions} validation functions`
            : difficulty !== undefined && difficulty.length !== expected.trainFunctions
              ? `the curriculum of ${difficulty.length} functions for ${expected.trainFunctions}`
              : chosen?.some((index) => !expected.isUnrelated(index)) === true
                ? 'functions of active sampling that are not unrelated ones'
                : undefined;
  if (wrong !== undefined) throw otherCheckpoint(join(run.paths.checkpoints, STATE_FILE), wrong);
}
