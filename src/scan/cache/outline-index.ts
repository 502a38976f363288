/**
 * @file Outlines of a scanned tree's files on disk, by the hash of their contents: a file that did not change is not parsed again.
 * Written whole at the end of a scan, so it holds what the tree holds and no more.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import type { FileOutline } from '../finding.ts';
import { textKey } from '../fingerprint.ts';
import { OUTLINE_VERSION } from '../outline-source.ts';

export interface OutlineIndex {
  get(contentKey: string): FileOutline | undefined;
  add(contentKey: string, outline: FileOutline): void;
  /** `complete`: what this scan did not come by is dropped. Throws what writeFileAtomic throws. */
  save(complete: boolean): void;
}

export function noOutlineIndex(): OutlineIndex {
  return { get: () => undefined, add: () => {}, save: () => {} };
}

/** Of the folders that are scanned. `version` is Vultune's: another one may parse otherwise. */
export function fileOutlineIndex(folder: string, roots: readonly string[], version: string): OutlineIndex {
  const file = join(folder, `outlines-${textKey(version, String(OUTLINE_VERSION), ...roots)}.jsonl`);
  // Lines stay text until they are asked for: a tenth of the memory.
  const stored = readLines(file);
  const used = new Map<string, string>();
  let isChanged = false;
  return {
    get: (key) => {
      const line = used.get(key) ?? stored.get(key);
      const outline = line === undefined ? undefined : parseOutline(line);
      if (outline !== undefined) used.set(key, line!);
      return outline;
    },
    add: (key, outline) => {
      used.set(key, JSON.stringify(outline));
      isChanged = true;
    },
    save: (complete) => {
      const kept = complete ? used : new Map([...stored, ...used]);
      if (!isChanged && kept.size === stored.size) return;
      writeFileAtomic(
        file,
        [...kept].map(([key, line]) => Buffer.from(`${key} ${line}\n`)),
      );
    },
  };
}

function readLines(file: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return new Map(); // The first scan, or a file that cannot be read: then all is parsed again.
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

function parseOutline(line: string): FileOutline | undefined {
  try {
    return JSON.parse(line) as FileOutline;
  } catch {
    return undefined; // Damaged: the file is parsed again.
  }
}
