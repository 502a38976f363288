/** @file The functions of one foreign source text, listed in a worker thread that can be ended. */
import { runBounded } from '../workers/bounded-worker.ts';
import type { WorkerJob } from '../workers/worker-job.ts';
import type { ExtractedFunction } from './extracted-function.ts';
import type { Language } from './languages.ts';
import { parseSource } from './parse-source.ts';
import { refusalReason, sourceRefused } from './source-refusal.ts';

export interface ExtractionInput {
  readonly source: string;
  readonly language: Language;
}

export interface ListedFunctions<F extends ExtractedFunction = ExtractedFunction> {
  readonly functions: readonly F[];
  /** Why the source was not parsed; it has no functions then. */
  readonly refused: string | undefined;
}

export function listFunctions({ source, language }: ExtractionInput): ListedFunctions {
  const { functions, refused } = parseSource(source, language);
  return { functions, refused };
}

export const EXTRACTION_JOB: WorkerJob<ExtractionInput, ListedFunctions> = {
  url: import.meta.url,
  name: 'listFunctions',
  run: listFunctions,
};

const LIMITS = { timeoutMs: 60_000, memoryMb: 2048, onLimit: sourceRefused };

/** For one source; many take a pool. @throws the signal's reason. */
export const functionsOfSource = (input: ExtractionInput, signal?: AbortSignal): Promise<ListedFunctions> =>
  listBounded(EXTRACTION_JOB, input, signal);

/** The same by a job that says more of each function. @throws the signal's reason. */
export async function listBounded<I extends ExtractionInput, F extends ExtractedFunction>(
  job: WorkerJob<I, ListedFunctions<F>>,
  input: I,
  signal?: AbortSignal,
): Promise<ListedFunctions<F>> {
  try {
    return await runBounded(job, input, { ...LIMITS, signal });
  } catch (error) {
    const refused = refusalReason(error);
    if (refused === undefined) throw error;
    return { functions: [], refused };
  }
}
