/**
 * @file A text file of which lines are only ever appended: what was computed stays, however a scan ends, and two scans at a time
 * do each other no harm. What the lines say is the caller's business.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../base/files.ts';

export interface AppendLog {
  /** As it was when it was opened; empty when there was none. */
  readonly text: string;
  /** ASCII lines with their ends. */
  readonly append: (lines: readonly string[]) => void;
}

/** When the disk does not give or take, `onFailure` is called once and nothing is written from then on. */
export function openAppendLog(file: string, onFailure: (cause: unknown) => void): AppendLog {
  let [isWritable, endsWhole, text] = [true, true, ''];
  try {
    makeFolder(dirname(file));
    if (existsSync(file)) text = readFileSync(file, 'latin1');
    endsWhole = text === '' || text.endsWith('\n');
  } catch (cause) {
    isWritable = false;
    onFailure(cause);
  }
  return {
    text,
    append: (lines) => {
      if (!isWritable || lines.length === 0) return;
      try {
        // After a line that a crash cut short, a new one begins.
        appendFileSync(file, (endsWhole ? '' : '\n') + lines.join(''));
        endsWhole = true;
      } catch (cause) {
        isWritable = false;
        onFailure(cause);
      }
    },
  };
}
