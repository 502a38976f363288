/** @file What `predict` reads: functions of a dataset or of standard input, or those of a source file. */

import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { readDataset } from '../../dataset/formats/read-dataset.ts';
import { functionsOfSource } from '../../source/extraction-job.ts';
import { languageOfPath } from '../../source/languages.ts';
import { silent, type WorkflowContext } from '../context.ts';
import { reportReading } from '../reading-notes.ts';

export interface PredictionInput {
  readonly id: string | number;
  readonly code: string;
  /** Said of functions that were found in source: where they stand. */
  readonly place?: {
    readonly function_name: string | null;
    readonly line: number;
    readonly end_line: number;
  };
}

/** Everything is read and checked before anything is computed. Throws what reading records throws, SOURCE_WITHOUT_FUNCTIONS, SOURCE_NOT_PARSED. */
export async function readPredictionInputs(
  data: string,
  { signal, report = silent }: Partial<WorkflowContext> = {},
  fields?: Columns,
): Promise<readonly PredictionInput[]> {
  const language = languageOfPath(data);
  if (language === undefined) {
    const read = await readDataset(data, {
      requireTarget: false,
      fields,
      ...(signal === undefined ? {} : { signal }),
    });
    reportReading(data, read, report);
    return read.records.map(({ id, code }, i) => ({ id: id ?? i + 1, code }));
  }
  const source = readTextFile(data);
  // A header is C or C++ by what is in it.
  const { functions, refused } = await functionsOfSource(
    { source, language: languageOfPath(data, source) ?? language },
    signal,
  );
  if (refused !== undefined) {
    throw new VultuneError('SOURCE_NOT_PARSED', `${data} is not read as source: ${refused}`, {
      where: { file: data },
      hint: 'Give its functions as JSON lines with a "code" field instead.',
    });
  }
  if (functions.length === 0) {
    throw new VultuneError('SOURCE_WITHOUT_FUNCTIONS', `no function was found in ${data}`, {
      where: { file: data },
      hint: 'A prediction is made for each function: code outside functions is not judged.',
    });
  }
  return functions.map(({ qualifiedName, code, start, startLine, endLine }) => ({
    id: `${data}:${startLine}:${start - source.lastIndexOf('\n', start - 1)}`,
    code,
    place: { function_name: qualifiedName || null, line: startLine, end_line: endLine },
  }));
}
