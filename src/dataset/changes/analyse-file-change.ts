/**
 * @file The job that takes one changed file apart: both sides parsed, their functions matched, and told changed from
 * unchanged. Runs in a worker, and sees neither the fix, nor labels, nor other files.
 */

import type { ExtractedFunction } from '../../source/extracted-function.ts';
import { LANGUAGES, type Language } from '../../source/languages.ts';
import { type ParsedSource, parseSource } from '../../source/parse-source.ts';
import type { WorkerJob } from '../../workers/worker-job.ts';
import { bodyKey } from '../duplicates/exact-duplicates.ts';
import { sketchText } from '../duplicates/min-hash.ts';
import { normalisedCode } from '../duplicates/normalised-code.ts';
import { type ChangeKind, changeKind } from './change-kind.ts';
import { countTokens } from './count-tokens.ts';
import type { FileAnalysis, FunctionCandidate, FunctionChange } from './file-analysis.ts';
import { type ContextOptions, contextOf } from './function-context.ts';
import { type Matchable, matchFunctions } from './match-functions.ts';
import { withoutDocstrings } from './without-docstrings.ts';

export interface FileChangeInput {
  /** After the fix. */
  readonly path: string;
  /** Before it. */
  readonly pathBefore: string;
  readonly language: Language;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** What else of the file goes with its functions; undefined: nothing. */
  readonly context?: ContextOptions | undefined;
}

interface Side {
  readonly source: string;
  readonly parsedAs: Language;
  readonly context: ContextOptions | undefined;
  readonly path: string;
  readonly language: string;
  readonly parsed: ParsedSource;
  readonly matchables: readonly Matchable[];
}

export function analyseFileChange(input: FileChangeInput): FileAnalysis {
  const { path, pathBefore } = input;
  const before = readSide(pathBefore, input.before, input);
  const after = readSide(path, input.after, input);
  const refused = before.parsed.refused ?? after.parsed.refused;
  if (refused !== undefined) {
    return { changed: [], deleted: [], unchanged: [], added: 0, leftOut: {}, refused };
  }
  const match = matchFunctions(before.matchables, after.matchables);
  const leftOut: Record<string, number> = {};
  const count = (reason: string) => {
    leftOut[reason] = (leftOut[reason] ?? 0) + 1;
  };
  const changed: FunctionChange[] = [];
  const unchanged: FunctionCandidate[] = [];
  const deleted: FunctionCandidate[] = [];
  const kinds = match.map((newIndex, oldIndex) => changeOf(before, oldIndex, after, newIndex));
  const owners = [ownersOf(before.parsed.functions), ownersOf(after.parsed.functions)] as const;
  for (const [index, owner] of owners[0].entries()) {
    if (STRENGTH[kinds[index]!] > STRENGTH[kinds[owner]!]) kinds[owner] = kinds[index]!;
  }
  for (const [oldIndex, newIndex] of match.entries()) {
    if (owners[0][oldIndex] !== oldIndex) continue;
    const old = before.parsed.functions[oldIndex]!;
    const current = newIndex === undefined ? undefined : after.parsed.functions[newIndex]!;
    const kind = kinds[oldIndex]!;
    if (!old.parses || current?.parses === false) count('does not parse');
    else if (current === undefined) deleted.push(candidate(before, old));
    else if (kind === 'edited')
      changed.push({ before: candidate(before, old), after: candidate(after, current) });
    else if (owners[1][newIndex!] !== newIndex) count('a function that became a part of another');
    else if (kind !== 'none') count(REASONS[kind]);
    else if (isInsideEdited(oldIndex, before.parsed.functions, kinds))
      count('unchanged inside a changed function');
    else {
      // No change, and yet another text: `changeOf` found that only a docstring differs.
      const isReworded = before.matchables[oldIndex]!.text !== after.matchables[newIndex!]!.text;
      if (isReworded) count('only a docstring changed (counts as unchanged)');
      else if (old.code !== current.code) count('only comments or white space changed (counts as unchanged)');
      unchanged.push(candidate(after, current));
    }
  }
  const matched = new Set(match);
  const added = after.parsed.functions.filter(
    (_, index) => owners[1][index] === index && !matched.has(index),
  ).length;
  return { changed, deleted, unchanged, added, leftOut };
}

const REASONS = {
  formatting: 'changed only in a function inside it',
  renamed: 'only renamed',
  'version bump': 'only a version number changed',
  remark: 'only @Override, @Deprecated or the like changed',
} as const;

/** Which kind prevails where a function and the anonymous ones in it changed differently. */
const STRENGTH = { none: 0, formatting: 1, remark: 2, renamed: 2, 'version bump': 2, edited: 3 } as const;

/**
 * For each function the one it is a part of: itself, but for an anonymous one (a callback) the named one around it.
 * Anonymous functions with no name around them (a module's wrapper, a handler at the top) stand for themselves.
 */
function ownersOf(functions: readonly ExtractedFunction[]): readonly number[] {
  const named: (number | undefined)[] = [];
  for (const [index, { name, parent }] of functions.entries()) {
    const around = parent === undefined ? undefined : named[parent];
    named.push(name === undefined ? around : index);
  }
  return named.map((owner, index) => owner ?? index);
}

/** In its own text: what changed in an inner function is the inner one's change. Taken away counts as edited. */
function changeOf(
  before: Side,
  oldIndex: number,
  after: Side,
  newIndex: number | undefined,
): ChangeKind | 'none' {
  if (newIndex === undefined) return 'edited';
  if (before.matchables[oldIndex]!.text === after.matchables[newIndex]!.text) return 'none';
  const kind = changeKind(ownText(before, oldIndex), ownText(after, newIndex));
  return kind === 'edited' && isSameButDocstring(before, oldIndex, after, newIndex) ? 'none' : kind;
}

function isSameButDocstring(before: Side, oldIndex: number, after: Side, newIndex: number): boolean {
  const text = ({ parsed, language }: Side, index: number) =>
    normalisedCode(withoutDocstrings(parsed.functions[index]!.code, language), language);
  return before.language === 'python' && text(before, oldIndex) === text(after, newIndex);
}

export const FILE_CHANGE_JOB: WorkerJob<FileChangeInput, FileAnalysis> = {
  url: import.meta.url,
  name: 'analyseFileChange',
  run: analyseFileChange,
};

function readSide(
  path: string,
  source = '',
  { language, context }: Pick<FileChangeInput, 'language' | 'context'>,
): Side {
  const parsed = parseSource(source, language);
  return {
    source,
    parsedAs: language,
    context,
    path,
    language: LANGUAGES[language].recordLanguage,
    parsed,
    matchables: parsed.functions.map((entry) => ({
      name: entry.name,
      qualifiedName: entry.qualifiedName,
      kind: entry.kind,
      text: parsed.normalise(entry),
      signature: entry.signature,
      parent: entry.parent,
    })),
  };
}

function isInsideEdited(
  index: number,
  functions: readonly ExtractedFunction[],
  kinds: readonly (ChangeKind | 'none')[],
): boolean {
  let outer = functions[index]!.parent;
  while (outer !== undefined) {
    if (kinds[outer] === 'edited') return true;
    outer = functions[outer]!.parent;
  }
  return false;
}

/** Without the bodies of inner functions, which have changes of their own. */
function ownText({ parsed }: Side, index: number): { text: string; name: string | undefined } {
  const entry = parsed.functions[index]!;
  return { text: parsed.normalise(entry, { cutNested: true }), name: entry.name };
}

function candidate(
  { path, language, source, parsed, parsedAs, context }: Side,
  entry: ExtractedFunction,
): FunctionCandidate {
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
    ...(context === undefined
      ? {}
      : { context: contextOf({ source, language: parsedAs, parsed }, entry, context) }),
  };
}
