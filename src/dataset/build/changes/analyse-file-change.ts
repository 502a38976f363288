/**
 * @file The job that takes one changed file apart: both sides parsed, their functions matched, and told changed from
 * unchanged. Runs in a worker. Knows nothing of fixes, labels or other files.
 */
import { bodyKey } from '../../duplicates/exact-duplicates.ts';
import { sketchText } from '../../duplicates/min-hash.ts';
import { normalisedCode } from '../../duplicates/normalised-code.ts';
import type { PoolJob } from '../../functions/extraction-pool.ts';
import { LANGUAGES, type Language } from '../../functions/languages.ts';
import { type ExtractedFunction, type ParsedSource, parseSource } from '../../functions/parse-source.ts';
import { type Matchable, matchFunctions } from '../match-functions.ts';
import { changeKind } from './change-kind.ts';
import type { FileAnalysis, FunctionCandidate, FunctionChange } from './file-analysis.ts';

export interface FileChangeInput {
  /** After the fix. */
  readonly path: string;
  /** Before it. */
  readonly pathBefore: string;
  readonly language: Language;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

interface Side {
  readonly path: string;
  readonly language: string;
  readonly parsed: ParsedSource;
  readonly matchables: readonly Matchable[];
}

export function analyseFileChange(input: FileChangeInput): FileAnalysis {
  const { path, pathBefore, language } = input;
  const before = readSide(pathBefore, input.before, language);
  const after = readSide(path, input.after, language);
  const match = matchFunctions(before.matchables, after.matchables);
  const leftOut: Record<string, number> = {};
  const count = (reason: string) => {
    leftOut[reason] = (leftOut[reason] ?? 0) + 1;
  };
  const changed: FunctionChange[] = [];
  const unchanged: FunctionCandidate[] = [];
  const deleted: FunctionCandidate[] = [];
  const isTouched = touchedFunctions(before, after, match);
  for (const [oldIndex, newIndex] of match.entries()) {
    const old = before.parsed.functions[oldIndex]!;
    const current = newIndex === undefined ? undefined : after.parsed.functions[newIndex]!;
    if (!old.parses || current?.parses === false) count('does not parse');
    else if (newIndex === undefined || current === undefined) deleted.push(candidate(before, old));
    else if (!isTouched[oldIndex]!) {
      if (old.code !== current.code) count('only comments or white space changed (counts as unchanged)');
      if (isInside(oldIndex, before.parsed.functions, isTouched))
        count('unchanged inside a changed function');
      else unchanged.push(candidate(after, current));
    } else {
      const kind = changeKind(ownText(before, oldIndex), ownText(after, newIndex));
      if (kind === 'edited')
        changed.push({ before: candidate(before, old), after: candidate(after, current) });
      else count(REASONS[kind]);
    }
  }
  const matched = new Set(match);
  const added = after.parsed.functions.filter((_, index) => !matched.has(index)).length;
  return { changed, deleted, unchanged, added, leftOut };
}

/** In their own text: what changed in an inner function is the inner one's change. */
const REASONS = {
  formatting: 'changed only in a function inside it',
  renamed: 'only renamed',
  'version bump': 'only a version number changed',
} as const;

export const FILE_CHANGE_JOB: PoolJob<FileChangeInput, FileAnalysis> = {
  url: import.meta.url,
  name: 'analyseFileChange',
  run: analyseFileChange,
};

function readSide(path: string, text: string | undefined, language: Language): Side {
  const parsed = parseSource(text ?? '', language);
  return {
    path,
    language: LANGUAGES[language].recordLanguage,
    parsed,
    matchables: parsed.functions.map((entry) => ({
      name: entry.name,
      qualifiedName: entry.qualifiedName,
      kind: entry.kind,
      text: parsed.normalise(entry),
      parent: entry.parent,
    })),
  };
}

/** Of each function before the fix: whether its text, inner functions with it, changed. */
function touchedFunctions(
  before: Side,
  after: Side,
  match: readonly (number | undefined)[],
): readonly boolean[] {
  return match.map((newIndex, oldIndex) => {
    if (newIndex === undefined) return true;
    return before.matchables[oldIndex]!.text !== after.matchables[newIndex]!.text;
  });
}

function isInside(
  index: number,
  functions: readonly ExtractedFunction[],
  isTouched: readonly boolean[],
): boolean {
  let outer = functions[index]!.parent;
  while (outer !== undefined) {
    if (isTouched[outer]) return true;
    outer = functions[outer]!.parent;
  }
  return false;
}

/** Without the bodies of inner functions, which have changes of their own. */
function ownText({ parsed }: Side, index: number): { text: string; name: string | undefined } {
  const entry = parsed.functions[index]!;
  return { text: parsed.normalise(entry, { cutNested: true }), name: entry.name };
}

function candidate({ path, language }: Side, entry: ExtractedFunction): FunctionCandidate {
  const text = normalisedCode(entry.code, language);
  return {
    code: entry.code,
    language,
    path,
    ...(entry.name === undefined ? {} : { name: entry.name }),
    qualifiedName: entry.qualifiedName,
    startLine: entry.startLine,
    endLine: entry.endLine,
    tokens: countTokens(text),
    body: bodyKey(text),
    sketch: Buffer.from(sketchText(text)).toString('base64'),
  };
}

/** Words and signs. */
export function countTokens(text: string): number {
  return text.match(/[\w$]+|[^\s\w$]/g)?.length ?? 0;
}
