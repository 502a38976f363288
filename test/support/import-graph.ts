/** @file What each file of src/ imports, types and lazy imports included, for the tests that guard the layers. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const SRC = resolve(import.meta.dirname, '../../src');

export interface Import {
  /** Within src/, with `/`. */
  readonly file: string;
  readonly specifier: string;
  /** The file of src/ that it means; undefined for a package. */
  readonly target: string | undefined;
}

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

export function sourceTexts(): SourceText[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ file: name.replaceAll('\\', '/'), text: readFileSync(join(SRC, name), 'utf8') }));
}

export function allImports(): Import[] {
  return sourceTexts().flatMap(({ file, text }) =>
    [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier]) => ({
      file,
      specifier: specifier!,
      target: specifier!.startsWith('.')
        ? relative(SRC, resolve(SRC, dirname(file), specifier!)).replaceAll('\\', '/')
        : undefined,
    })),
  );
}

/** Packages that are loaded with a file of src/, straight or through others: without types and without lazy imports. */
export function packagesLoadedWith(file: string): string[] {
  const texts = new Map(sourceTexts().map((source) => [source.file, source.text]));
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (from: string): void => {
    if (seen.has(from)) return;
    seen.add(from);
    const found = texts.get(from)!.matchAll(/^(?:import|export) (?!type\b)(?:[^'";]*? from )?'([^']+)'/gm);
    for (const [, specifier] of found) {
      if (specifier!.startsWith('.')) {
        visit(relative(SRC, resolve(SRC, dirname(from), specifier!)).replaceAll('\\', '/'));
      } else if (!specifier!.startsWith('node:')) packages.add(specifier!);
    }
  };
  visit(file);
  return [...packages].sort();
}

/** Groups of files that import each other, straight or through others (Tarjan's strongly connected components). */
export function importCircles(imports: readonly Pick<Import, 'file' | 'target'>[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const { file, target } of imports) {
    if (target !== undefined) edges.set(file, [...(edges.get(file) ?? []), target]);
  }
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    for (const target of edges.get(file) ?? []) {
      if (!order.has(target)) {
        visit(target);
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
      } else if (open.includes(target)) {
        lowest.set(file, Math.min(lowest.get(file)!, order.get(target)!));
      }
    }
    if (lowest.get(file) !== order.get(file)) return;
    const members = open.splice(open.indexOf(file));
    const importsItself = edges.get(file)?.includes(file) === true;
    if (members.length > 1 || importsItself) circles.push(members.sort());
  };
  for (const file of edges.keys()) if (!order.has(file)) visit(file);
  return circles;
}
