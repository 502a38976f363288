/**
 * @file Analyses one fix into its gathered file: filters files by path and content, has each taken apart, writes the
 * functions in the order of the files. Each fix is analysed by itself; labels come later.
 */

import { ReasonTally } from '../../../base/tally.ts';
import type { ExtractionPool } from '../../../source/extraction-pool.ts';
import { type Language, languageOfPath } from '../../../source/languages.ts';
import { contentProblem } from '../../../source/source-filters.ts';
import { refusalReason } from '../../../source/source-refusal.ts';
import { sourcePathProblem } from '../../../source/test-code.ts';
import { FILE_CHANGE_JOB } from '../../changes/analyse-file-change.ts';
import type { FileAnalysis, FunctionCandidate } from '../../changes/file-analysis.ts';
import type { ContextOptions } from '../../changes/function-context.ts';
import type { FileChange, FixUnit } from '../../source.ts';
import { GatheredFileWriter, type GatheredSummary } from './gathered-file.ts';

/** Files of one fix that are taken apart at once. */
const FILES_AT_ONCE = 3;

export async function gatherFix(
  unit: FixUnit,
  path: string,
  pool: ExtractionPool,
  signal: AbortSignal,
  context?: ContextOptions,
): Promise<GatheredSummary> {
  const gathered = new FixGatherer(path);
  try {
    const running: Promise<FileAnalysis>[] = [];
    const finishOne = async () => gathered.add(await running.shift()!);
    try {
      for await (const change of unit.files(gathered.files, signal)) {
        signal.throwIfAborted();
        const input = sourceFile(change, gathered.files);
        if (input === undefined) continue;
        running.push(pool.run(FILE_CHANGE_JOB, { ...input, context }, signal).catch(refusedAnalysis));
        if (running.length >= FILES_AT_ONCE) await finishOne();
      }
      while (running.length > 0) await finishOne();
    } finally {
      await Promise.allSettled(running);
    }
    return gathered.commit();
  } finally {
    gathered.discard();
  }
}

/** The change as the job takes it; undefined, and counted, for a file that is not the project's own source. */
function sourceFile(change: FileChange, tally: ReasonTally) {
  const { path, before, after } = change;
  const pathBefore = change.pathBefore ?? path;
  const text = after ?? before;
  if (text === undefined) return undefined;
  const language: Language | undefined = languageOfPath(path, text);
  if (language === undefined) {
    tally.add('file that is not source code');
    return undefined;
  }
  const problem = sourcePathProblem(path) ?? sourcePathProblem(pathBefore) ?? contentProblem(text);
  if (problem !== undefined) {
    tally.add(`${problem} file`);
    return undefined;
  }
  if (before === after) {
    tally.add('file that did not change');
    return undefined;
  }
  return { path, pathBefore, language, before, after };
}

/** A file past the pool's limits is counted as one that the parser refused. */
function refusedAnalysis(error: unknown): FileAnalysis {
  const refused = refusalReason(error);
  if (refused === undefined) throw error;
  return { changed: [], deleted: [], unchanged: [], added: 0, leftOut: {}, refused };
}

class FixGatherer {
  readonly files = new ReasonTally();
  readonly #functions = new ReasonTally();
  readonly #writer: GatheredFileWriter;
  #pairs = 0;
  #added = 0;
  #deleted = 0;

  constructor(path: string) {
    this.#writer = new GatheredFileWriter(path);
  }

  add({ changed, deleted, unchanged, added, leftOut, refused }: FileAnalysis): void {
    this.files.add(refused === undefined ? 'kept' : `file ${refused}`);
    for (const { before, after } of changed) {
      this.#write('before', before, this.#pairs);
      this.#write('after', after, this.#pairs);
      this.#pairs++;
    }
    for (const entry of deleted) this.#write('deleted', entry);
    for (const entry of unchanged) this.#write('unchanged', entry);
    this.#added += added;
    this.#deleted += deleted.length;
    this.#functions.addAll(leftOut);
  }

  commit(): GatheredSummary {
    const summary = {
      changed: this.#pairs,
      added: this.#added,
      deleted: this.#deleted,
      files: this.files.counts(),
      functions: this.#functions.counts(),
    };
    this.#writer.commit(summary);
    return summary;
  }

  discard(): void {
    this.#writer.discard();
  }

  #write(role: 'before' | 'after' | 'deleted' | 'unchanged', entry: FunctionCandidate, pair?: number): void {
    const { code, language, path, name, qualifiedName, startLine, endLine, tokens, body, sketch, context } =
      entry;
    const names = name === undefined ? [qualifiedName] : [name, qualifiedName];
    this.#writer.add(
      { role, ...(pair === undefined ? {} : { pair }), body, sketch, tokens, path, names, line: startLine },
      {
        code: (context?.text ?? '') + code,
        language,
        path,
        ...(name === undefined ? {} : { function_name: name }),
        qualified_name: qualifiedName,
        start_line: startLine,
        end_line: endLine,
        ...(context === undefined
          ? {}
          : {
              context: {
                kind: context.kind,
                maxTokens: context.maxTokens,
                tokens: context.tokens,
                cut: context.cut,
              },
            }),
      },
    );
  }
}
