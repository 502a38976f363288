/**
 * @file events.jsonl: appended a whole line at a time, read back even when a kill tore the last line. What
 * an event holds is event-schema.ts's to say.
 */
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { fileError, readTextFile, writeAll } from '../base/files.ts';
import { parseRunEvent } from './event-schema.ts';
import type { NewEvent, RunEvent } from './events.ts';

const NEWLINE = 0x0a;

export class EventLog {
  readonly path: string;
  readonly #file: number;
  readonly #now: () => number;
  #closed = false;

  /**
   * Opens the log for appending, making it where there is none. A torn last line is cut off: what it said is
   * lost, and a line appended to it would be lost with it.
   */
  constructor(path: string, now: () => number = Date.now) {
    this.path = path;
    this.#now = now;
    try {
      // 'a+' and not 'r+': the system appends, so two writers could never overwrite each other.
      this.#file = openSync(path, 'a+');
      cutTornLine(this.#file);
    } catch (error) {
      throw fileError(error, path, 'write');
    }
  }

  /** Appends one event with the time; it is in the system's hands (safe from a kill of ours) when this returns. */
  append(event: NewEvent): RunEvent {
    const stamped = { timestampMs: this.#now(), ...event } as RunEvent;
    const line = JSON.stringify(stamped, refuseNonFinite);
    try {
      writeAll(this.#file, Buffer.from(`${line}\n`, 'utf8'));
    } catch (error) {
      throw fileError(error, this.path, 'write');
    }
    return stamped;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }
}

/** JSON would write NaN as null and the reader would believe it: a metric without a value is null on purpose. */
function refuseNonFinite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`internal error: event field ${key} is ${value}`);
  return value;
}

function cutTornLine(file: number): void {
  const { size } = fstatSync(file);
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(file, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, read).lastIndexOf(NEWLINE);
    if (newline >= 0) {
      if (start + newline + 1 < size) ftruncateSync(file, start + newline + 1);
      return;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(file, 0);
}

/**
 * All events of a log, in order; none where no log exists. A torn last line is left out.
 * @throws VultuneError `RUN_EVENTS_BROKEN` when a line before the last is not an event.
 */
export function readEvents(path: string): readonly RunEvent[] {
  if (!existsSync(path)) return [];
  const lines = readTextFile(path).split('\n');
  // After the last newline: nothing, or what a kill left of a line.
  lines.pop();
  return lines.map((line, index) => parseEvent(line, path, index + 1));
}

function parseEvent(text: string, file: string, line: number): RunEvent {
  const hint = 'the file is only ever appended to by Vultune: was it edited?';
  return parseRunEvent(text, { code: 'RUN_EVENTS_BROKEN', file, line, hint });
}
