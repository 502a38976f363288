/**
 * @file Runs a launcher to its end, while the events that the first rank appends to events.jsonl are handed on. A signal asks
 * the processes to stop, and they leave a checkpoint.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { VultuneError } from '../base/errors.ts';
import { parseRunEvent } from '../runs/event-schema.ts';
import type { RunEvent } from '../runs/events.ts';

export interface LauncherRun {
  readonly command: readonly [string, ...string[]];
  /** What a signal starts for the processes to stop; left out: the program of `command` is told to. */
  readonly stop?: readonly [string, ...string[]] | undefined;
  /** events.jsonl of the run; what is in it now is not handed on. */
  readonly events: string;
  readonly onEvent: (event: RunEvent) => void;
  /** What the processes say, a line at a time. */
  readonly onLine?: (line: string) => void;
  readonly signal: AbortSignal;
}

const POLL_MS = 100;
/** The end of what the processes said is enough to tell why they failed. */
const KEPT_CHARACTERS = 64_000;
/** run_plan.py's exit code where a signal stopped it. */
const INTERRUPTED = 130;

/**
 * `interrupted`: the signal stopped it.
 * @throws VultuneError with the code that run_plan.py said (`TORCH_...`), `TORCH_LAUNCHER_MISSING`, `TORCH_FAILED`
 */
export async function runLauncher(run: LauncherRun): Promise<'finished' | 'interrupted'> {
  const [program, ...args] = run.command;
  const follower = new EventFollower(run.events);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
    windowsHide: true,
  });
  let said = '';
  const hear = (text: string) => {
    said = (said + text).slice(-KEPT_CHARACTERS);
    for (const line of text.split('\n')) if (line.trim() !== '') run.onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let isOver = false;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    if (run.stop === undefined) child.kill('SIGTERM');
    else stopping = stopJob(run.stop).then((isStopped) => void (isStopped || child.kill('SIGTERM')));
  };
  run.signal.addEventListener('abort', stop);
  if (run.signal.aborted) stop();
  const following = (async () => {
    while (!isOver) {
      for (const event of follower.next()) run.onEvent(event);
      await sleep(POLL_MS);
    }
  })();
  // An event that cannot be shown ends the processes too; it is thrown once they have ended.
  following.catch(stop);
  try {
    const code = await ended;
    isOver = true;
    await following;
    await stopping;
    for (const event of follower.next()) run.onEvent(event);
    // A program that follows a job may end well where the job was stopped.
    if (code === 0 && stopping === undefined) return 'finished';
    if (run.signal.aborted || code === INTERRUPTED) return 'interrupted';
    throw failure(run.command, said, code);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new VultuneError('TORCH_LAUNCHER_MISSING', `there is no program ${program}`, {
        hint: 'Install it, name its folder in PATH, or choose another --launcher.',
        exitCode: 1,
      });
    }
    throw error;
  } finally {
    isOver = true;
    run.signal.removeEventListener('abort', stop);
  }
}

/** Whether the program said so; in a group of its own, for Ctrl-C in a terminal is for all of ours. */
function stopJob([program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true, windowsHide: true });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

/** `error CODE: message` and `hint: ...`, wherever a launcher puts them. */
const ERROR_LINE = /\berror ((?:TORCH|TRAINING)_[A-Z_]+): (.*)/;
const HINT_LINE = /\bhint: (.*)/;

export function failure(command: readonly string[], said: string, code: number | null): VultuneError {
  const lines = said.split('\n');
  const at = lines.findIndex((line) => ERROR_LINE.test(line));
  const found = at < 0 ? null : ERROR_LINE.exec(lines[at]!);
  if (found !== null) {
    const hint = HINT_LINE.exec(lines.slice(at + 1).find((line) => HINT_LINE.test(line)) ?? '')?.[1];
    return new VultuneError(found[1]!, found[2]!, { exitCode: 1, ...(hint === undefined ? {} : { hint }) });
  }
  const last = lines.filter((line) => line.trim() !== '').slice(-12);
  const how = code === null ? 'was killed' : `ended with exit code ${code}`;
  return new VultuneError(
    'TORCH_FAILED',
    `${command.slice(0, 3).join(' ')} ... ${how}:\n${last.join('\n')}`,
    {
      hint: 'A checkpoint was written every few minutes; resume with --resume RUN --engine torch.',
      exitCode: 1,
    },
  );
}

/** Reads the whole lines that were appended since the last look. */
class EventFollower {
  readonly #path: string;
  #position = 0;
  #line = 0;

  constructor(path: string) {
    this.#path = path;
    // Lines from before are counted, for errors that name one.
    for (const _ of this.#lines()) this.#line++;
  }

  *next(): Generator<RunEvent> {
    for (const text of this.#lines()) {
      this.#line++;
      yield parseRunEvent(text, { code: 'RUN_EVENTS_BROKEN', file: this.#path, line: this.#line });
    }
  }

  #lines(): string[] {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size < this.#position) this.#position = size; // a torn line was cut off
      const bytes = Buffer.alloc(size - this.#position);
      const read = readSync(file, bytes, 0, bytes.length, this.#position);
      const end = bytes.subarray(0, read).lastIndexOf(0x0a) + 1;
      this.#position += end;
      return bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    } finally {
      closeSync(file);
    }
  }
}
