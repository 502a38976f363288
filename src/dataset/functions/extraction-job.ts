/** @file The job that lists the functions of one source text, for workers to load. */
import type { PoolJob } from './extraction-pool.ts';
import type { Language } from './languages.ts';
import { type ExtractedFunction, extractFunctions } from './parse-source.ts';

export interface ExtractionInput {
  readonly source: string;
  readonly language: Language;
}

export function listFunctions(input: ExtractionInput): readonly ExtractedFunction[] {
  return extractFunctions(input.source, input.language);
}

export const EXTRACTION_JOB: PoolJob<ExtractionInput, readonly ExtractedFunction[]> = {
  url: import.meta.url,
  name: 'listFunctions',
  run: listFunctions,
};
