/** @file Guards the house: a folder of src/ imports only from folders of a lower layer (or itself). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');

const LAYER: Record<string, number> = {
  base: 0,
  schema: 1,
  workers: 1,
  git: 1,
  tensor: 1,
  graph: 2,
  autodiff: 3,
  onnx: 3,
  runtime: 4,
  checkpoint: 4,
  text: 5,
  model: 5,
  config: 5,
  dataset: 5,
  runs: 5,
  adapters: 8,
  packing: 6,
  weights: 6,
  heads: 7,
  objectives: 7,
  network: 9,
  tasks: 9,
  evaluation: 7,
  training: 10,
  report: 10,
  judging: 10,
  parity: 11,
  scan: 11,
  explain: 11,
  dashboard: 12,
  workflows: 13,
  cli: 14,
  // What the package exports: nothing in src/ imports these.
  'dataset.ts': 6,
  'engine.ts': 11,
  'index.ts': 14,
};

/** Packages that only one folder may import: the rest of the house does not know them. */
const ONLY_IN: Record<string, string | readonly string[]> = {
  'onnxruntime-node': 'runtime',
  zod: 'schema',
  // ONNX's files, and TensorBoard's: two formats, neither of which knows the other.
  '@bufbuild/protobuf': ['onnx', 'report'],
  '@observablehq/plot': 'report',
  linkedom: 'report',
  hono: ['dashboard', 'scan'],
  '@hono/node-server': ['dashboard', 'scan'],
  '@huggingface/tokenizers': 'text',
  'oniguruma-parser': 'text',
  '@huggingface/hub': 'checkpoint',
  'web-tree-sitter': 'dataset',
  pacote: 'dataset',
  'node-sqlite3-wasm': 'dataset',
  h5wasm: 'dataset',
  hyparquet: 'dataset',
  'stream-json': 'dataset',
  'csv-parse': 'dataset',
  piscina: 'workers',
  commander: 'cli',
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function imports(): Import[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const text = readFileSync(join(SRC, name), 'utf8');
      const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
      return [...found].map((match) => ({ file: name, specifier: match[1]! }));
    });
}

const folderOf = (path: string) => path.split('/')[0]!;

describe('layers', () => {
  test('every folder of src/ has a layer', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).filter((name) => LAYER[name] === undefined)).toEqual([]);
  });

  test('imports go down', () => {
    const upward = imports()
      .filter((entry) => entry.specifier.startsWith('.'))
      .map((entry) => {
        const target = relative(SRC, resolve(SRC, dirname(entry.file), entry.specifier));
        return { from: entry.file, to: target };
      })
      .filter(({ from, to }) => {
        const [a, b] = [folderOf(from), folderOf(to)];
        return a !== b && !(LAYER[b]! < LAYER[a]!);
      });
    expect(upward).toEqual([]);
  });

  test('a workflow knows no terminal', () => {
    const drawing = imports().filter(
      ({ file, specifier }) =>
        folderOf(file) === 'workflows' && /(?:^|\/)cli\/|^(?:commander$|cli-|picocolors$)/.test(specifier),
    );
    expect(drawing).toEqual([]);
  });

  test('a package with one owner is imported by it alone', () => {
    const strays = imports().filter(({ file, specifier }) => {
      const owner = Object.entries(ONLY_IN).find(
        ([name]) => specifier === name || specifier.startsWith(`${name}/`),
      );
      return owner !== undefined && ![owner[1]].flat().includes(folderOf(file));
    });
    expect(strays).toEqual([]);
  });

  test('git is started in one place', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const starters = files.filter((name) =>
      /\b(?:spawn|spawnSync|execFile|execFileSync|exec|execSync|run|runClient|firstLine)\(\s*\[?\s*['"]git['"]/.test(
        readFileSync(join(SRC, name), 'utf8'),
      ),
    );
    expect(starters).toEqual([join('git', 'run-git.ts')]);
  });
});
