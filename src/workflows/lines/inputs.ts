/** @file What `lines` reads: records of any dataset, with the lines that a fix changed where they are known, or a source file. */

import type { DatasetRecord } from '../../dataset/record.ts';
import { languageOfPath } from '../../source/languages.ts';
import type { WorkflowContext } from '../context.ts';
import { leftOutText } from '../left-out-text.ts';
import { openInputs } from '../open-inputs.ts';
import { readPredictionInputs } from '../predict/prediction-inputs.ts';
import type { LineInput, LinesOptions } from './lines-options.ts';

/** Everything is read and checked before anything is computed. Throws what the readers throw. */
export async function readLineInputs(
  data: string,
  { stdin }: LinesOptions,
  context: WorkflowContext,
): Promise<readonly LineInput[]> {
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
  const opened = openInputs([data], { stdin }, context);
  const inputs: LineInput[] = [];
  for await (const { record } of opened.records()) inputs.push(inputOf(record, inputs.length + 1));
  const text = leftOutText(opened.leftOut.counts);
  if (text !== undefined) context.report.note(text);
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
