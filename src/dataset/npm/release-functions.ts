/**
 * @file The functions of a vulnerable release, each with its counterpart in the fixed one; files are parsed when they
 * are asked for. Takes from an advisory only where a function stands.
 */
import { createHash } from 'node:crypto';
import type { ExtractedFunction } from '../../source/extracted-function.ts';
import { LANGUAGES } from '../../source/languages.ts';
import { type ParsedSource, parseSource } from '../../source/parse-source.ts';
import { type Matchable, matchFunctions } from '../changes/match-functions.ts';
import type { Release, SourceFile } from './release.ts';

/** A function as it is stored: its text, where it stood, and the hash that tells equal ones. */
export interface ReleaseFunction {
  readonly path: string;
  readonly language: string;
  readonly name?: string;
  readonly qualifiedName: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly code: string;
  /** SHA-256 of the normalised text. */
  readonly body: string;
}

export interface LocatedFunction {
  readonly entry: ReleaseFunction;
  readonly parses: boolean;
  /** Normalised; `ownText` without the bodies of inner functions. */
  readonly text: string;
  readonly ownText: string;
}

interface ParsedFile {
  readonly file: SourceFile;
  readonly parsed: ParsedSource;
  readonly matchables: readonly Matchable[];
}

export class ReleaseReader {
  readonly #before: Release;
  readonly #after: Release;
  readonly #files = new Map<SourceFile, ParsedFile>();
  readonly #matches = new Map<string, readonly (number | undefined)[]>();

  constructor(before: Release, after: Release) {
    this.#before = before;
    this.#after = after;
  }

  /** A function by file and lines (and name, where several stand on one line), with its counterpart. */
  locate(place: {
    readonly file: string;
    readonly line: number;
    readonly end: number;
    readonly name?: string;
    readonly qualified?: string;
  }): { readonly before: LocatedFunction; readonly after?: LocatedFunction } | undefined {
    const source = this.#before.files.get(place.file);
    if (source === undefined) return undefined;
    const file = this.#parse(source);
    const index = indexAt(file.parsed.functions, place);
    if (index === undefined) return undefined;
    const before = locatedFunction(file, index);
    const newSource = this.#after.files.get(place.file);
    const newIndex = newSource === undefined ? undefined : this.#match(place.file)[index];
    if (newSource !== undefined && newIndex !== undefined) {
      return { before, after: locatedFunction(this.#parse(newSource), newIndex) };
    }
    const moved = this.#findMoved(place.file, file.matchables[index]!);
    return moved === undefined ? { before } : { before, after: moved };
  }

  /** Functions of a file whose normalised text is the same in both releases. */
  unchangedFunctions(path: string): ReleaseFunction[] {
    const [before, after] = [this.#before.files.get(path), this.#after.files.get(path)];
    if (before === undefined || after === undefined) return [];
    const file = this.#parse(before);
    const same = before.text === after.text;
    return file.parsed.functions
      .map((entry, index) => ({ entry, index }))
      .filter(({ entry, index }) => entry.parses && (same || this.#isUnchanged(path, index)))
      .map(({ index }) => releaseFunction(file, index));
  }

  #isUnchanged(path: string, index: number): boolean {
    const counterpart = this.#match(path)[index];
    if (counterpart === undefined) return false;
    const [before, after] = [this.#before.files.get(path)!, this.#after.files.get(path)!];
    return this.#parse(before).matchables[index]!.text === this.#parse(after).matchables[counterpart]!.text;
  }

  #match(path: string): readonly (number | undefined)[] {
    const known = this.#matches.get(path);
    if (known !== undefined) return known;
    const before = this.#parse(this.#before.files.get(path)!);
    const after = this.#parse(this.#after.files.get(path)!);
    const match = matchFunctions(before.matchables, after.matchables);
    this.#matches.set(path, match);
    return match;
  }

  /** A file of the same name elsewhere, when the fixed release moved it. */
  #findMoved(path: string, wanted: Matchable): LocatedFunction | undefined {
    if (this.#after.files.has(path) || wanted.name === undefined) return undefined;
    const base = path
      .split('/')
      .at(-1)!
      .replace(/\.\w+$/, '');
    for (const candidate of this.#after.files.values()) {
      if (
        candidate.path
          .split('/')
          .at(-1)!
          .replace(/\.\w+$/, '') !== base
      )
        continue;
      const file = this.#parse(candidate);
      const [index] = matchFunctions([{ ...wanted, parent: undefined }], file.matchables);
      if (index !== undefined && file.matchables[index]!.name === wanted.name)
        return locatedFunction(file, index);
    }
    return undefined;
  }

  #parse(file: SourceFile): ParsedFile {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const parsed = parseSource(file.text, file.language);
    const matchables = parsed.functions.map((entry) => ({
      name: entry.name,
      qualifiedName: entry.qualifiedName,
      kind: entry.kind,
      text: parsed.normalise(entry),
      parent: entry.parent,
    }));
    const result = { file, parsed, matchables };
    this.#files.set(file, result);
    return result;
  }
}

function indexAt(
  functions: readonly ExtractedFunction[],
  place: { readonly line: number; readonly end: number; readonly name?: string; readonly qualified?: string },
): number | undefined {
  const there = [...functions.keys()].filter((index) => {
    const { startLine, endLine } = functions[index]!;
    return startLine === place.line && endLine === place.end;
  });
  const byName = there.find((index) => {
    const { name, qualifiedName } = functions[index]!;
    return (
      place.name !== undefined &&
      (name === place.name || qualifiedName.endsWith(place.qualified ?? place.name))
    );
  });
  return byName ?? there.find((index) => functions[index]!.name === undefined) ?? there[0];
}

function locatedFunction(file: ParsedFile, index: number): LocatedFunction {
  const found = file.parsed.functions[index]!;
  return {
    entry: releaseFunction(file, index),
    parses: found.parses,
    text: file.matchables[index]!.text,
    ownText: file.parsed.normalise(found, { cutNested: true }),
  };
}

function releaseFunction({ file, parsed, matchables }: ParsedFile, index: number): ReleaseFunction {
  const { name, qualifiedName, startLine, endLine, code } = parsed.functions[index]!;
  return {
    path: file.path,
    language: LANGUAGES[file.language].recordLanguage,
    ...(name === undefined ? {} : { name }),
    qualifiedName,
    startLine,
    endLine,
    code,
    body: createHash('sha256').update(matchables[index]!.text).digest('hex'),
  };
}
