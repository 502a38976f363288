/**
 * @file What a workflow is given besides its options: a signal to stop, and a reporter that is told how it goes. The
 * command line draws what is reported; a program that uses the library may leave it out.
 */

/** What a running task says of itself; everything but `done` may be unknown. Undefined removes what was said before. */
export interface TaskState {
  /** In the unit of the task: steps, functions, bytes. */
  readonly done: number;
  /** Where it became known, or grew, after the start. */
  readonly total?: number;
  /** A word or two: `epoch 2/3`, the name of a file. */
  readonly phase?: string;
  readonly lossNats?: number | undefined;
  readonly tokensPerSecond?: number | undefined;
  readonly functionsPerSecond?: number | undefined;
  /** 0..1: padding among all tokens computed. */
  readonly paddingShare?: number | undefined;
  readonly memoryBytes?: number;
  /** The task's own estimate of the time left; null: none yet. Default: extrapolated from `done`. */
  readonly remainingMs?: number | null | undefined;
}

export interface Task {
  readonly label: string;
  /** Undefined while it is not known. */
  readonly total: number | undefined;
  readonly unit: 'steps' | 'functions' | 'files' | 'packages' | 'bytes';
}

export interface RunningTask {
  update(state: TaskState): void;
  /** A line that stays, while the task runs on. */
  log(line: string): void;
  /** Ends the task; `summary` stays in its place. Safe to call twice. */
  stop(summary?: string): void;
}

export interface Reporter {
  /** Said once, for a person: `fitting the baselines`. */
  note(text: string): void;
  /** The same for what a person should not miss: `the scores are not kept: the disk is full`. */
  warn(text: string): void;
  task(task: Task): RunningTask;
}

export interface WorkflowContext {
  /** Aborted: finish the step, leave everything in order, return or throw its reason. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

const idle: RunningTask = { update: () => {}, log: () => {}, stop: () => {} };

/** Reports nothing. */
export const silent: Reporter = { note: () => {}, warn: () => {}, task: () => idle };

/** A context that is never stopped and reports nothing, unless told otherwise. */
export function workflowContext(given: Partial<WorkflowContext> = {}): WorkflowContext {
  return { signal: given.signal ?? new AbortController().signal, report: given.report ?? silent };
}
