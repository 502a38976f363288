/**
 * @file Progress of one task: a live line on a terminal, a plain line now and then in a log. What the task
 * is does not matter.
 */
import { type Options, SingleBar } from 'cli-progress';
import type { RunningTask, Task, TaskState } from '../../workflows/context.ts';
import { liveLine, plainLine, shareDone, totalOf } from './progress-line.ts';
import type { Terminal } from './terminal.ts';

const PLAIN_EVERY_MS = 10_000;
const PLAIN_EVERY_SHARE = 0.05;
/** A task of two seconds needs no twenty lines of a log. */
const PLAIN_AT_MOST_EVERY_MS = 1_000;
/** Before that an estimate is a guess. */
const ESTIMATE_AFTER_MS = 2_000;

export function startProgress(task: Task, terminal: Terminal, now: () => number = Date.now): RunningTask {
  const progress = terminal.isLive ? liveProgress(task, terminal, now) : plainProgress(task, terminal, now);
  running.set(progress, terminal);
  return progress;
}

/** A live line hides the cursor and keeps a timer: what a failing command left running is stopped here. */
export function stopEveryProgress(): void {
  for (const progress of running.keys()) progress.stop();
}

/** Writes a line that stays: above the live line where there is one, which would else be drawn over it. */
export function writeNote(line: string, terminal: Terminal): void {
  const live = [...running].find(([, of]) => of === terminal)?.[0];
  if (live === undefined) terminal.write(`${line}\n`);
  else live.log(line);
}

const running = new Map<RunningTask, Terminal>();

function liveProgress(task: Task, terminal: Terminal, now: () => number): RunningTask {
  let state: TaskState = { done: 0 };
  const estimate = estimator(task, now);
  const options: Options = {
    stream: terminal.stream,
    fps: 8,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is the command line's: it has the checkpoint to write.
    gracefulExit: false,
    format: () =>
      liveLine(task, state, {
        columns: terminal.columns(),
        colors: terminal.colors,
        isUnicode: terminal.isUnicode,
        remainingMs: estimate.remainingMs(state),
      }),
  };
  const line = new SingleBar(options);
  line.start(task.total ?? 0, 0);
  let isRunning = true;
  const progress: RunningTask = {
    update(next) {
      state = { ...state, ...next };
      estimate.observe(state);
      if (isRunning) line.update(next.done);
    },
    log(text) {
      if (isRunning) line.stop();
      terminal.write(`${text}\n`);
      if (isRunning) line.start(task.total ?? 0, state.done);
    },
    stop(summary) {
      if (!isRunning) return;
      isRunning = false;
      running.delete(progress);
      line.stop();
      if (summary !== undefined) terminal.write(`${summary}\n`);
    },
  };
  return progress;
}

function plainProgress(task: Task, terminal: Terminal, now: () => number): RunningTask {
  let state: TaskState = { done: 0 };
  let printed = { share: 0, atMs: now(), isFirst: true };
  let isRunning = true;
  const estimate = estimator(task, now);
  const print = () => {
    printed = { share: shareDone(task, state), atMs: now(), isFirst: false };
    terminal.write(`${plainLine(task, state, estimate.remainingMs(state))}\n`);
  };
  const progress: RunningTask = {
    update(next) {
      if (!isRunning) return;
      state = { ...state, ...next };
      estimate.observe(state);
      const share = shareDone(task, state);
      const sinceMs = now() - printed.atMs;
      const hasMoved = share - printed.share >= PLAIN_EVERY_SHARE;
      const isDue = printed.isFirst || sinceMs >= PLAIN_AT_MOST_EVERY_MS;
      if ((hasMoved && isDue) || sinceMs >= PLAIN_EVERY_MS) print();
    },
    log: (text) => terminal.write(`${text}\n`),
    stop(summary) {
      if (!isRunning) return;
      isRunning = false;
      running.delete(progress);
      if (summary !== undefined) terminal.write(`${summary}\n`);
    },
  };
  return progress;
}

/**
 * Time left: what the task says, less what went by since; else at the mean speed since the first update (what a resumed
 * run had done before does not count).
 */
function estimator(task: Task, now: () => number) {
  let first: { readonly done: number; readonly atMs: number } | undefined;
  let updatedAtMs = now();
  return {
    observe(state: TaskState): void {
      updatedAtMs = now();
      first ??= { done: state.done, atMs: updatedAtMs };
    },
    remainingMs(state: TaskState): number | undefined {
      if (first === undefined) return undefined;
      const elapsedMs = now() - first.atMs;
      if (elapsedMs < ESTIMATE_AFTER_MS || state.remainingMs === null) return undefined;
      if (state.remainingMs !== undefined) return Math.max(0, state.remainingMs - (now() - updatedAtMs));
      const done = state.done - first.done;
      const total = totalOf(task, state);
      if (total === undefined || done <= 0 || state.done >= total) return undefined;
      return (elapsedMs / done) * (total - state.done);
    },
  };
}
