/**
 * @file Outlines of a scanned tree's files on disk, by the hash of their contents: a file that did not change is not parsed again.
 * Written whole at the end of a scan, so it holds what the tree holds and no more.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { isDay } from '../expiry.ts';
import type { FileOutline } from '../finding.ts';
import { textKey } from '../fingerprint.ts';
import { OUTLINE_VERSION } from '../outline-source.ts';
import { sealLine, unsealLine } from './sealed-line.ts';

export interface OutlineIndex {
  get(contentKey: string): FileOutline | undefined;
  add(contentKey: string, outline: FileOutline): void;
  /** `complete`: what this scan did not come by is dropped. Throws what writeFileAtomic throws. */
  save(complete: boolean): void;
}

export function noOutlineIndex(): OutlineIndex {
  return { get: () => undefined, add: () => {}, save: () => {} };
}

/** The index of the scanned folders. `version` is Vultune's: another one may parse differently. */
export function fileOutlineIndex(folder: string, roots: readonly string[], version: string): OutlineIndex {
  const file = join(folder, `outlines-${textKey(version, String(OUTLINE_VERSION), ...roots)}.jsonl`);
  // Lines stay text until they are asked for: a tenth of the memory.
  const stored = readLines(file);
  const used = new Map<string, string>();
  let isChanged = false;
  return {
    get: (key) => {
      const line = used.get(key) ?? stored.get(key);
      const unsealed = line === undefined ? undefined : unsealLine(line);
      const outline = unsealed?.key === key ? parseOutline(unsealed.value) : undefined;
      if (outline !== undefined) used.set(key, line!);
      return outline;
    },
    add: (key, outline) => {
      used.set(key, sealLine(key, JSON.stringify(outline)));
      isChanged = true;
    },
    save: (complete) => {
      const kept = complete ? used : new Map([...stored, ...used]);
      if (!isChanged && kept.size === stored.size) return;
      writeFileAtomic(
        file,
        // In an order of their own: the same tree gives the same bytes, whichever files were parsed in this scan.
        [...kept.values()].toSorted().map((line) => Buffer.from(`${line}\n`)),
      );
    },
  };
}

/** `textKey`'s. */
const KEY = /^[\w-]{22}$/;

function readLines(file: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return new Map(); // The first scan, or a file that cannot be read: then all is parsed again.
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line]));
}

/** Undefined for what is not an outline: the file is parsed again. */
function parseOutline(text: string): FileOutline | undefined {
  return jsonOrUndefined(fileOutline, text) as FileOutline | undefined;
}

const place = z.int().min(0);
const place1 = z.int().min(1);

/** Fields that are not in them stay: the outline's own version says which there are. */
const functionOutline = z
  .looseObject({
    name: z.string(),
    start: place,
    end: place,
    startLine: place1,
    startColumn: place1,
    endLine: place1,
    endColumn: place1,
    codeKey: z.string().regex(KEY),
    bodyHash: z.string().regex(KEY),
    fingerprint: z.string().regex(KEY),
    trivial: z.enum(['empty body', 'one value']).optional(),
    suppression: z
      .looseObject({
        reason: z.string(),
        author: z.string().optional(),
        until: z.string().refine(isDay).optional(),
        line: place1,
      })
      .optional(),
  })
  .refine(({ start, end }) => start <= end);

const fileOutline = z.looseObject({
  functions: z.array(functionOutline),
  problems: z.array(
    z.looseObject({ line: place1, kind: z.enum(['reason-missing', 'date-wrong', 'no-function']) }),
  ),
  refused: z.string().optional(),
  hasErrors: z.boolean().optional(),
  isGenerated: z.boolean().optional(),
});
