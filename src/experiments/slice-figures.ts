/** @file The figures of a row over a part of the functions: those of one CWE, or of one class, by the run's own predictions. */
import { join } from 'node:path';
import type { LabelledRecord } from '../dataset/record.ts';
import { readOwnRecords, readPredictions } from '../report/run/predictions.ts';
import type { FinishedCell } from './cell-figures.ts';
import type { CellFigure } from './summary.ts';
import type { Slice, TableColumn } from './table-schema.ts';

/**
 * One a column; undefined for a column that says nothing of a slice, and for all of them where the functions are not there.
 * Accuracy has Wilson's interval, whose functions count as independent.
 */
export async function sliceFigures(
  { run, metrics }: FinishedCell,
  slice: Slice,
  columns: readonly TableColumn[],
): Promise<readonly (CellFigure | undefined)[]> {
  const on = columns.find(({ metric }) => metric === 'accuracy')?.on ?? 'test';
  const predictions = readPredictions(join(run.paths.predictions, `${on}.jsonl`));
  const records = await readOwnRecords(run, on, predictions);
  const threshold = metrics[on]?.threshold;
  if (records === undefined || threshold === undefined) return columns.map(() => undefined);
  const chosen = predictions.filter((_, i) => isInSlice(records[i]!, slice));
  const correct = chosen.filter(({ score, target }) => (score >= threshold ? 1 : 0) === target).length;
  return columns.map(({ metric }) => sliceFigure(metric, correct, chosen.length));
}

function sliceFigure(metric: string, correct: number, functions: number): CellFigure | undefined {
  if (metric === 'correct') return { value: correct };
  if (metric === 'incorrect') return { value: functions - correct };
  if (metric !== 'accuracy' || functions === 0) return undefined;
  return { value: correct / functions, interval: wilson(correct, functions) };
}

const Z = 1.959964;

/** Wilson 1927. */
function wilson(successes: number, n: number): readonly [number, number] {
  const share = successes / n;
  const center = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return [center - half, center + half];
}

/** The four CWEs that VDISC names; every other one is its CWE-other. */
const NAMED = new Set(['CWE-119', 'CWE-120', 'CWE-469', 'CWE-476']);

function isInSlice(record: LabelledRecord, slice: Slice): boolean {
  if ('target' in slice) return record.target === slice.target;
  if (record.target !== 1) return false;
  const cwes = record.cwe ?? [];
  return slice.cwe === 'other' ? !cwes.some((cwe) => NAMED.has(cwe)) : cwes.includes(slice.cwe);
}
