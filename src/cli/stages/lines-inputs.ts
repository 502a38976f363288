/** @file What `lines` reads: records of any dataset, with the lines that a fix changed where they are known, or a source file. */

import type { DatasetRecord, Target } from '../../dataset/record.ts';
import { languageOfPath } from '../../source/languages.ts';
import { readPredictionInputs } from '../../workflows/predict/prediction-inputs.ts';
import { leftOutLine, openInputs } from '../commands/data/dataset-inputs.ts';
import type { CliContext } from '../context.ts';

export interface LineInput {
  readonly id: string | number;
  readonly code: string;
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  /** Of the function in its file, where that is known; lines are counted from it. */
  readonly firstLine: number;
  readonly target?: Target | undefined;
  /** Within the function, 1-based, ascending; undefined where nothing is known of them. */
  readonly vulnerableLines?: readonly number[] | undefined;
  /** What it hangs together with, for intervals. */
  readonly commit?: string | undefined;
  readonly project?: string | undefined;
  readonly pair?: string | undefined;
}

/** Everything is read and checked before anything is computed. Throws what the readers throw. */
export async function readLineInputs(data: string, context: CliContext): Promise<readonly LineInput[]> {
  if (languageOfPath(data) !== undefined) {
    const found = await readPredictionInputs(data, context.signal);
    return found.map(({ id, code, place }) => ({
      id,
      code,
      path: data,
      name: place?.function_name ?? undefined,
      firstLine: place?.line ?? 1,
    }));
  }
  const opened = await openInputs([data], {}, context);
  const inputs: LineInput[] = [];
  for await (const { record } of opened.records()) inputs.push(inputOf(record, inputs.length + 1));
  context.stderr.write(leftOutLine(opened.leftOut.counts));
  return inputs;
}

function inputOf(record: DatasetRecord, number: number): LineInput {
  const { id = number, code, target, path, function_name: name, commit, project, pair } = record;
  const vulnerableLines = lineNumbers(record.vulnerable_lines);
  return { id, code, name, path, firstLine: 1, target, vulnerableLines, commit, project, pair };
}

function lineNumbers(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.filter((line): line is number => Number.isInteger(line) && Number(line) >= 1);
  return [...new Set(numbers)].sort((a, b) => a - b);
}
