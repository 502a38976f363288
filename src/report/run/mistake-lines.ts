/**
 * @file The line scores of a run's most confident mistakes: the file that keeps them, and the heat on the page. They are
 * computed elsewhere.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { checkJson } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { lineHeat } from '../kit/heat.ts';
import type { SetReport } from './run-report-data.ts';

/** By function: [lines] how much each says for "vulnerable". */
export type MistakeLines = ReadonlyMap<string, readonly number[]>;

/** @param predictions the run's folder of predictions */
export function writeMistakeLines(predictions: string, lines: MistakeLines): void {
  const functions = Object.fromEntries([...lines].map(([code, scores]) => [codeHash(code), scores]));
  const json = { formatVersion: 1, method: 'gradient', functions };
  writeFileAtomic(linesFile(predictions), `${JSON.stringify(json)}\n`);
}

/** The sets with the heat of the mistakes that the run's file knows. Throws RUN_LINES_BROKEN. */
export function withMistakeLines(sets: readonly SetReport[], predictions: string): SetReport[] {
  const kept = readMistakeLines(linesFile(predictions));
  return sets.map((set) => ({
    ...set,
    mistakes: set.mistakes.map((mistake) => {
      const scores = mistake.code === undefined ? undefined : kept[codeHash(mistake.code)];
      return scores === undefined ? mistake : { ...mistake, heat: lineHeat(scores) };
    }),
  }));
}

const linesFile = (predictions: string) => join(predictions, 'lines.json');

const codeHash = (code: string) => createHash('sha256').update(code).digest('hex').slice(0, 32);

const keptLines = z.looseObject({ functions: z.record(z.string(), z.array(z.number())) });

function readMistakeLines(file: string): Readonly<Record<string, readonly number[]>> {
  if (!existsSync(file)) return {};
  return checkJson(keptLines, readTextFile(file), {
    code: 'RUN_LINES_BROKEN',
    file,
    hint: 'Delete the file: the report is then written without the highlighted lines.',
  }).functions;
}
