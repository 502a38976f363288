/** @file Values by a key of 22 characters, in memory and on disk as one text line each. */
import { openAppendLog } from './append-log.ts';
import { sealLine, unsealLine } from './sealed-line.ts';

export interface KeyedCache<T> {
  readonly get: (codeKey: string) => T | undefined;
  readonly add: (entries: readonly (readonly [codeKey: string, value: T])[]) => void;
}

/** How a value is written on its line, and read again. */
export interface ValueLines<T> {
  /** ASCII, without line breaks. */
  readonly format: (value: T) => string;
  /** Undefined for a text that is not such a value. */
  readonly parse: (text: string) => T | undefined;
}

/** Nothing is kept beyond this process. */
export function memoryCache<T>(): KeyedCache<T> {
  const values = new Map<string, T>();
  return {
    get: (key) => values.get(key),
    add: (entries) => {
      for (const [key, value] of entries) values.set(key, value);
    },
  };
}

/**
 * A line that is damaged, or says what cannot be, is left out: its value is computed again. When the disk does not take a line,
 * `onFailure` is called once and the scan goes on in memory.
 */
export function fileCache<T>(
  file: string,
  lines: ValueLines<T>,
  onFailure: (cause: unknown) => void,
): KeyedCache<T> {
  const log = openAppendLog(file, onFailure);
  const memory = memoryCache<T>();
  memory.add(parseLines(log.text, lines));
  return {
    get: memory.get,
    add: (entries) => {
      memory.add(entries);
      log.append(entries.map(([key, value]) => `${sealLine(key, lines.format(value))}\n`));
    },
  };
}

function parseLines<T>(text: string, { parse }: ValueLines<T>): (readonly [string, T])[] {
  const entries: (readonly [string, T])[] = [];
  for (const [line] of text.matchAll(/^.+$/gm)) {
    const unsealed = unsealLine(line);
    const value = unsealed === undefined ? undefined : parse(unsealed.value);
    // A key kept as it stands would hold on to the whole file's text.
    if (value !== undefined) entries.push([Buffer.from(unsealed!.key, 'latin1').toString('latin1'), value]);
  }
  return entries;
}
