/**
 * @file The text of one file -> outlines of its functions, with fingerprints and suppressions. Pure, and its result is plain data:
 * it runs in worker threads and is kept on disk.
 */

import type { ExtractedFunction } from '../source/extracted-function.ts';
import type { Language } from '../source/languages.ts';
import { parseSource } from '../source/parse-source.ts';
import type { WorkerJob } from '../workers/worker-job.ts';
import type { FileOutline, FunctionOutline } from './finding.ts';
import { functionFingerprint, textKey } from './fingerprint.ts';
import { findSuppressions } from './suppressions.ts';

/** Goes up when outlines of the same text come out different: kept ones are then made again. */
export const OUTLINE_VERSION = 4;

export interface OutlineInput {
  readonly source: string;
  readonly language: Language;
}

/** For the worker pool. */
export const OUTLINE_JOB: WorkerJob<OutlineInput, FileOutline> = {
  url: import.meta.url,
  name: 'outlineSource',
  run: outlineSource,
};

export function outlineSource({ source, language }: OutlineInput): FileOutline {
  const parsed = parseSource(source, language);
  const { suppressed, problems } = findSuppressions(source, parsed);
  const lineStarts = startsOfLines(source);
  const seen = new Map<string, number>();
  const functions = parsed.functions.map((one, i): FunctionOutline => {
    const bodyHash = textKey(parsed.normalise(one));
    const equals = textKey(one.qualifiedName, bodyHash);
    const ordinal = seen.get(equals) ?? 0;
    seen.set(equals, ordinal + 1);
    const suppression = suppressed.get(i);
    return {
      name: one.qualifiedName,
      start: one.start,
      end: one.end,
      ...placeOf(one, lineStarts),
      codeKey: textKey(one.code),
      bodyHash,
      fingerprint: functionFingerprint(one.qualifiedName, bodyHash, ordinal),
      ...(suppression === undefined ? {} : { suppression }),
    };
  });
  return {
    functions,
    problems,
    ...(parsed.refused === undefined ? {} : { refused: parsed.refused }),
    ...(parsed.hasErrors && parsed.refused === undefined ? { hasErrors: true } : {}),
    ...(parsed.unread.length === 0 ? {} : { unread: parsed.unread }),
    ...(parsed.hasOutsideCode ? { hasOutsideCode: true } : {}),
  };
}

function placeOf({ start, end, startLine, endLine }: ExtractedFunction, lineStarts: readonly number[]) {
  return {
    startLine,
    startColumn: start - (lineStarts[startLine - 1] ?? start) + 1,
    endLine,
    endColumn: end - (lineStarts[endLine - 1] ?? end) + 1,
  };
}

function startsOfLines(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
