/** @file Scores of lines on disk, one text line a function. Knows nothing of models but the key it is given. */
import { join } from 'node:path';
import { openAppendLog } from './append-log.ts';

export interface LineCache {
  /** One a line of the function. */
  readonly get: (codeKey: string) => readonly number[] | undefined;
  readonly add: (entries: readonly (readonly [codeKey: string, scores: readonly number[]])[]) => void;
}

/** Nothing is kept beyond this process. */
export function memoryLineCache(): LineCache {
  const scores = new Map<string, readonly number[]>();
  return {
    get: (key) => scores.get(key),
    add: (entries) => {
      for (const [key, lines] of entries) scores.set(key, lines);
    },
  };
}

/**
 * Of one model in `folder`. A line that is damaged is left out: its function is explained again. When the disk does not take a line,
 * `onFailure` is called once and the scan goes on in memory.
 */
export function fileLineCache(folder: string, key: string, onFailure: (cause: unknown) => void): LineCache {
  const log = openAppendLog(join(folder, `lines-${key}.txt`), onFailure);
  const memory = memoryLineCache();
  memory.add(parseLines(log.text));
  return {
    get: memory.get,
    add: (entries) => {
      memory.add(entries);
      log.append(entries.map(([codeKey, scores]) => `${codeKey} ${scores.join(' ')} .\n`));
    },
  };
}

/** The dot tells a line that is whole from one that a crash cut short. */
const LINE = /^([\w-]{22})((?: [\d.e+-]+)+) \.$/gm;

function parseLines(text: string): (readonly [string, readonly number[]])[] {
  const entries: (readonly [string, readonly number[]])[] = [];
  for (const [, key, numbers] of text.matchAll(LINE)) {
    const scores = numbers!.trim().split(' ').map(Number);
    // A key kept as it stands would hold on to the whole file's text.
    if (scores.every(Number.isFinite)) entries.push([Buffer.from(key!, 'latin1').toString('latin1'), scores]);
  }
  return entries;
}
