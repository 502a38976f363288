/** @file The functions of one foreign source text, each with its context, listed in a worker thread that can be ended. */
import type { ExtractedFunction } from '../../source/extracted-function.ts';
import { type ExtractionInput, type ListedFunctions, listBounded } from '../../source/extraction-job.ts';
import { parseSource } from '../../source/parse-source.ts';
import type { WorkerJob } from '../../workers/worker-job.ts';
import { type ContextOptions, contextsOf } from './function-context.ts';

export interface FunctionInContext extends ExtractedFunction {
  /** Text in front of it; empty where nothing was found. */
  readonly context: string;
}

interface ContextInput extends ExtractionInput {
  readonly context: ContextOptions;
}

export function listInContext({
  source,
  language,
  context,
}: ContextInput): ListedFunctions<FunctionInContext> {
  const parsed = parseSource(source, language);
  const contexts = contextsOf({ source, language, parsed }, context);
  if (typeof contexts === 'string') return { functions: [], refused: contexts };
  const functions = parsed.functions.map((one, i) => ({ ...one, context: contexts[i]!.text }));
  return { functions, refused: parsed.refused };
}

const CONTEXT_JOB: WorkerJob<ContextInput, ListedFunctions<FunctionInContext>> = {
  url: import.meta.url,
  name: 'listInContext',
  run: listInContext,
};

/** For one source. @throws the signal's reason. */
export const functionsInContext = (
  input: ContextInput,
  signal?: AbortSignal,
): Promise<ListedFunctions<FunctionInContext>> => listBounded(CONTEXT_JOB, input, signal);
