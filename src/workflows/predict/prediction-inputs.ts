/** @file What `predict` reads: functions of a dataset or of standard input, or those of a source file. */

import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import type { ContextOptions } from '../../dataset/changes/function-context.ts';
import { type FunctionInContext, functionsInContext } from '../../dataset/changes/functions-in-context.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { readDataset } from '../../dataset/formats/read-dataset.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import type { ExtractedFunction } from '../../source/extracted-function.ts';
import { functionsOfSource, type ListedFunctions } from '../../source/extraction-job.ts';
import { languageOfPath } from '../../source/languages.ts';
import { type Reporter, silent, type WorkflowContext } from '../context.ts';
import { adapterContext, recordsCaution } from '../open/adapter-context.ts';
import { reportReading } from '../reading-notes.ts';

export interface PredictionInput {
  readonly id: string | number;
  readonly code: string;
  /** Read in front of `code`, as in the model's training; missing for records, whose code has it where they were built with it. */
  readonly context?: string;
  /** Said of functions that were found in source: where they stand. */
  readonly place?: {
    readonly function_name: string | null;
    readonly line: number;
    readonly end_line: number;
  };
}

/**
 * Everything is read and checked before anything is computed.
 * @param run the model that will read the functions: those of a source file with the context of its training, and records that do
 * not say that they have it with a warning; default: without
 *
 * Throws what reading records throws, SOURCE_WITHOUT_FUNCTIONS, SOURCE_NOT_PARSED; what finding the run's adapter throws.
 */
export async function readPredictionInputs(
  data: string,
  { signal, report = silent }: Partial<WorkflowContext> = {},
  { run, fields }: { readonly run?: string | undefined; readonly fields?: Columns | undefined } = {},
): Promise<readonly PredictionInput[]> {
  const language = languageOfPath(data);
  if (language === undefined) {
    const read = await readDataset(data, {
      requireTarget: false,
      fields,
      ...(signal === undefined ? {} : { signal }),
    });
    reportReading(data, read, report);
    const header = run === undefined ? undefined : adapterOf(run);
    const caution = header && recordsCaution(header, read.records);
    if (caution !== undefined) report.warn(caution);
    return read.records.map(({ id, code }, i) => ({ id: id ?? i + 1, code }));
  }
  const source = readTextFile(data);
  // A header is C or C++ by what is in it.
  const input = { source, language: languageOfPath(data, source) ?? language };
  const context = run === undefined ? undefined : contextOfRun(run, report);
  const { functions, refused }: ListedFunctions<ExtractedFunction & Partial<FunctionInContext>> =
    context === undefined
      ? await functionsOfSource(input, signal)
      : await functionsInContext({ ...input, context }, signal);
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
  if (context !== undefined) {
    const found = functions.filter((one) => one.context !== '').length;
    report.note(`context (${context.kind}): found for ${found} of ${functions.length} functions`);
  }
  return functions.map(({ qualifiedName, code, context: inFront, start, startLine, endLine }) => ({
    id: `${data}:${startLine}:${start - source.lastIndexOf('\n', start - 1)}`,
    code,
    ...(inFront === undefined ? {} : { context: inFront }),
    place: { function_name: qualifiedName || null, line: startLine, end_line: endLine },
  }));
}

/** Undefined for a model behind a prompt. */
const adapterOf = (run: string): AdapterHeader | undefined =>
  readPromptedRun(run) === undefined ? locateAdapter(run) : undefined;

/** Undefined where functions are read alone. */
function contextOfRun(run: string, report: Reporter): ContextOptions | undefined {
  const header = adapterOf(run);
  if (header === undefined) return undefined;
  const { options, caution } = adapterContext(header);
  if (caution !== undefined) report.warn(caution);
  return options;
}
