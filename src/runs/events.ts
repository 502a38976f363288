/**
 * @file What can happen in a run: one line of events.jsonl each. The same lines are written by every runner, so
 * this is a file format: fields are added, never renamed. How a run is trained does not show in it.
 */

interface Event<Type extends string> {
  readonly type: Type;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
}

export interface RunStarted extends Event<'run_started'> {
  readonly pid: number;
  /** Optimiser steps planned, and functions to train on in an epoch. */
  readonly totalSteps: number;
  readonly trainFunctions: number;
}

/** One optimiser step. */
export interface Step extends Event<'step'> {
  /** 1-based, over the whole run. */
  readonly step: number;
  /** Epochs gone through after this step, with the fraction: 1.5 is half way through the second. */
  readonly epoch: number;
  readonly lossNats: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly functions: number;
  /** Real tokens, and the padding that was computed beside them. */
  readonly tokens: number;
  readonly paddingTokens: number;
  readonly durationMs: number;
  /** Resident memory of the process. */
  readonly memoryBytes: number;
}

/** The end of an epoch. */
export interface Epoch extends Event<'epoch'> {
  /** 1-based. */
  readonly epoch: number;
  readonly step: number;
  /** Mean over the epoch's functions. */
  readonly meanLossNats: number;
  readonly functions: number;
  readonly tokens: number;
  readonly durationMs: number;
}

export interface Evaluation extends Event<'evaluation'> {
  readonly step: number;
  readonly epoch: number;
  readonly split: 'valid' | 'test';
  readonly functions: number;
  /** By snake_case name; null where a metric is not defined, as ROC AUC of one class. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Whether this is the best of the run so far. */
  readonly isBest: boolean;
  readonly durationMs: number;
}

export interface Checkpoint extends Event<'checkpoint'> {
  readonly step: number;
  readonly epoch: number;
  /** Relative to the run folder, with `/`. */
  readonly path: string;
  readonly durationMs: number;
}

/** The run goes on from a checkpoint: steps after `step` that stand before this line were lost and are done again. */
export interface Resumed extends Event<'resumed'> {
  readonly step: number;
  readonly checkpoint: string;
  readonly pid: number;
}

/** Stopped on purpose, with a checkpoint to go on from. A killed run leaves no such line. */
export interface Interrupted extends Event<'interrupted'> {
  readonly step: number;
  readonly checkpoint: string;
}

export interface Finished extends Event<'finished'> {
  readonly step: number;
  /** `prompted`: a model was asked; nothing was trained. */
  readonly reason: 'epochs' | 'max_steps' | 'early_stopping' | 'prompted';
  /** null where nothing was evaluated. */
  readonly bestStep: number | null;
  readonly durationMs: number;
}

export type RunEvent = RunStarted | Step | Epoch | Evaluation | Checkpoint | Resumed | Interrupted | Finished;

export type EventType = RunEvent['type'];

/** An event as it is handed to the log, which adds the time. */
export type NewEvent = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, 'timestampMs'>
    : never
  : never;

/**
 * The events of a run as if it had never been killed: what was done after a checkpoint and then lost and done
 * again after `resumed` is left out, also what was done again at the checkpoint's own step (its evaluation, the end of
 * its epoch); `resumed` and `interrupted` themselves stay.
 */
export function withoutLostSteps(events: readonly RunEvent[]): readonly RunEvent[] {
  const kept: RunEvent[] = [];
  for (const event of events) {
    if (event.type === 'resumed') {
      const lost = kept.findIndex((earlier) => isProgress(earlier) && earlier.step > event.step);
      if (lost >= 0) {
        const stays = kept
          .splice(lost)
          .filter((earlier) => !isProgress(earlier) || earlier.step <= event.step);
        kept.push(...stays);
      }
    }
    if (isOnce(event)) {
      const before = kept.findLastIndex((earlier) => isOnce(earlier) && sameMoment(earlier, event));
      if (before >= 0) kept.splice(before, 1);
    }
    kept.push(event);
  }
  return kept;
}

/** What happens at most once after one step. */
function isOnce(event: RunEvent): event is Epoch | Evaluation | Finished {
  return event.type === 'epoch' || event.type === 'evaluation' || event.type === 'finished';
}

function sameMoment(a: Epoch | Evaluation | Finished, b: Epoch | Evaluation | Finished): boolean {
  if (a.type !== b.type || a.step !== b.step) return false;
  return a.type !== 'evaluation' || b.type !== 'evaluation' || a.split === b.split;
}

function isProgress(event: RunEvent): event is Exclude<RunEvent, RunStarted | Resumed | Interrupted> {
  return event.type !== 'run_started' && event.type !== 'resumed' && event.type !== 'interrupted';
}
