/** @file Guards the house: a folder of src/ imports only from folders of a lower layer (or itself). */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allImports, importCircles, packagesLoadedWith, SRC, sourceTexts } from '../support/import-graph.ts';

const LAYER: Record<string, number> = {
  base: 0,
  schema: 1,
  workers: 1,
  git: 1,
  shards: 2,
  source: 2,
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
  objectives: 8,
  network: 9,
  tasks: 9,
  evaluation: 7,
  training: 10,
  report: 10,
  judging: 10,
  generation: 10,
  clusters: 11,
  parity: 11,
  scan: 11,
  explain: 11,
  experiments: 11,
  prompting: 12,
  dashboard: 12,
  triage: 12,
  mcp: 12,
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
  // ONNX's files, TensorBoard's and SentencePiece's: formats, none of which knows another.
  '@bufbuild/protobuf': ['onnx', 'report', 'text'],
  '@observablehq/plot': 'report',
  linkedom: 'report',
  hono: ['dashboard', 'scan'],
  '@hono/node-server': ['dashboard', 'scan'],
  '@huggingface/jinja': 'text',
  '@huggingface/tokenizers': 'text',
  'oniguruma-parser': 'text',
  '@huggingface/hub': 'checkpoint',
  'web-tree-sitter': 'source',
  pacote: 'dataset',
  'node-sqlite3-wasm': 'dataset',
  h5wasm: 'dataset',
  hyparquet: 'dataset',
  'stream-json': 'dataset',
  'csv-parse': 'dataset',
  piscina: 'workers',
  commander: 'cli',
  '@modelcontextprotocol/sdk': 'mcp',
  openai: 'prompting',
};

/** Within dataset/ the same rule; `''`: the files of dataset/ itself. */
const DATASET_LAYER: Record<string, number> = {
  json: 0,
  '': 1,
  archives: 2,
  duplicates: 2,
  output: 2,
  changes: 3,
  formats: 3,
  check: 4,
  sampling: 4,
  splits: 4,
  statistics: 5,
  sources: 5,
  builder: 6,
};

/**
 * Folders that compute and know no machine: they import no `node:` module and use neither `Buffer` nor `process`, so that
 * they can run in a browser. Each with its files that still do, until what they need is passed in.
 */
const ENGINE: Record<string, readonly string[]> = {
  tensor: [],
  graph: ['passes/common-subexpressions.ts'],
  autodiff: [],
  onnx: [],
  model: [],
  packing: [],
  adapters: ['files/adapter-files.ts', 'files/cwe-head-files.ts'],
  weights: ['factors-file.ts', 'feature-factors.ts'],
  heads: [],
  objectives: [],
  network: ['feature-cache.ts', 'model-identity.ts'],
  tasks: [],
  training: ['checkpoint-file.ts', 'checkpoints.ts', 'evaluated-states.ts', 'trainer.ts'],
};
const OF_A_MACHINE = /(?:from|import)\s*\(?\s*'node:|\bBuffer\b|\bprocess\.|\bNodeJS\./;

const imports = allImports();
const folderOf = (path: string) => path.split('/')[0]!;

/** The folder in dataset/ of a file there. */
const datasetFolderOf = (path: string) => (path.split('/').length === 2 ? '' : path.split('/')[1]!);
const isInDataset = (path: string) => path.startsWith('dataset/');
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"])\/\/.*/g, '');

describe('the layers of src/', () => {
  test('every folder of src/ has a layer', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).filter((name) => LAYER[name] === undefined)).toEqual([]);
  });

  test('imports go down', () => {
    const upward = imports.filter(({ file, target }) => {
      if (target === undefined || folderOf(file) === folderOf(target)) return false;
      return !(LAYER[folderOf(target)]! < LAYER[folderOf(file)]!);
    });
    expect(upward).toEqual([]);
  });

  test('the executable starts without the packages of its commands: those are imported when a command runs', () => {
    expect(packagesLoadedWith('cli/main.ts')).toEqual([
      'cli-progress',
      'cli-table3',
      'commander',
      'env-paths',
      'fastest-levenshtein',
      'picocolors',
      'yaml',
      'zod',
    ]);
  });

  test('every folder of dataset/ has a layer, and imports go down within it', () => {
    const within = imports.filter(
      ({ file, target }) => isInDataset(file) && target !== undefined && isInDataset(target),
    );
    const folders = new Set(within.flatMap(({ file, target }) => [file, target!].map(datasetFolderOf)));
    expect([...folders].filter((name) => DATASET_LAYER[name] === undefined)).toEqual([]);
    const upward = within.filter(({ file, target }) => {
      const [from, to] = [datasetFolderOf(file), datasetFolderOf(target!)];
      return from !== to && !(DATASET_LAYER[to]! < DATASET_LAYER[from]!);
    });
    expect(upward).toEqual([]);
  });

  test('no file imports itself through others, not even for a type', () => {
    expect(importCircles(imports)).toEqual([]);
  });

  test('a circle of imports is found, and a diamond is not one', () => {
    const edge = (file: string, target: string) => ({ file, target });
    expect(importCircles([edge('a', 'b'), edge('b', 'c'), edge('c', 'b'), edge('d', 'd')])).toEqual([
      ['b', 'c'],
      ['d'],
    ]);
    expect(importCircles([edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')])).toEqual([]);
  });

  test('the engine knows no machine, but for the files that are named', () => {
    const found = sourceTexts()
      .filter(({ file, text }) => ENGINE[folderOf(file)] && OF_A_MACHINE.test(withoutComments(text)))
      .map(({ file }) => file);
    const named = Object.entries(ENGINE).flatMap(([folder, files]) =>
      files.map((file) => `${folder}/${file}`),
    );
    expect(found.sort()).toEqual(named.sort());
  });

  test('a workflow knows no terminal', () => {
    const drawing = imports.filter(
      ({ file, specifier }) =>
        folderOf(file) === 'workflows' && /(?:^|\/)cli\/|^(?:commander$|cli-|picocolors$)/.test(specifier),
    );
    expect(drawing).toEqual([]);
  });

  test('a package with one owner is imported by it alone', () => {
    const strays = imports.filter(({ file, specifier }) => {
      const owner = Object.entries(ONLY_IN).find(
        ([name]) => specifier === name || specifier.startsWith(`${name}/`),
      );
      return owner !== undefined && ![owner[1]].flat().includes(folderOf(file));
    });
    expect(strays).toEqual([]);
  });

  test('git is started in one place', () => {
    const starters = sourceTexts().filter(({ text }) =>
      /\b(?:spawn|spawnSync|execFile|execFileSync|exec|execSync|run|runClient|firstLine)\(\s*\[?\s*['"]git['"]/.test(
        text,
      ),
    );
    expect(starters.map(({ file }) => file)).toEqual(['git/run-git.ts']);
  });
});
