/** @file Recipes of data: those that come with Vultune, bad ones, sources that are missing, counts beside the paper's. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseRecipe } from '../../../src/experiments/recipe.ts';
import { recipePath, shippedRecipes } from '../../../src/experiments/shipped-files.ts';
import { buildRecipe } from '../../../src/workflows/experiment/build-recipe.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-recipe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("X_1's recipe has the paper's sizes, which add up", () => {
  const recipe = parseRecipe(readFileSync(recipePath('x1'), 'utf8'), 'x1.yaml');
  expect(shippedRecipes()).toEqual(['flora', 'vdisc', 'x1']);
  const papers = recipe.datasets.filter(({ paper }) => paper.functions !== undefined);
  expect(papers.map(({ folder: name }) => name)).toEqual(['x1', 'x1-p3']);
  for (const { paper, rules } of papers) {
    expect(paper.train! + paper.valid! + paper.test!).toBe(paper.functions);
    const { train, valid, test: tested } = rules.fractions!;
    expect(train + valid + tested).toBeCloseTo(1, 9);
    expect(train).toBeCloseTo(paper.train! / paper.functions!, 3);
  }
  // With context, and alike but for that: its functions and parts are those of the other.
  const { context, contextMaxTokens, ...rules } = recipe.datasets[2]!.rules;
  expect(rules).toEqual(recipe.datasets[1]!.rules);
  expect([context, contextMaxTokens]).toEqual(['callees', 64]);
});

test('the recipe of the Oregon State report builds the same two, beside its counts', () => {
  const read = (name: string) => parseRecipe(readFileSync(recipePath(name), 'utf8'), `${name}.yaml`);
  const [flora, x1] = [read('flora'), read('x1')];
  expect(flora.sources).toEqual(x1.sources);
  expect(flora.datasets.map(({ folder: name, rules }) => ({ name, rules }))).toEqual(
    x1.datasets.slice(0, 2).map(({ folder: name, rules }) => ({ name, rules })),
  );
  expect(flora.datasets.map(({ paper }) => paper)).toEqual([{ functions: 1334 }, { functions: 22_945 }]);
});

test.each([
  ['a folder outside', { datasets: [{ folder: '../x', rules: {} }] }],
  ['an unknown rule', { datasets: [{ folder: 'x', rules: { strickt: true } }] }],
  ['no sources', { sources: [] }],
])('refuses %s', (_, changed) => {
  const whole = {
    title: 'T',
    sources: [{ name: 'draper', what: 'w' }],
    datasets: [{ folder: 'x', rules: {} }],
    ...changed,
  };
  expect(() => parseRecipe(JSON.stringify(whole), 'r.yaml')).toThrow(/folder|strickt|sources/);
});

test('a source that the recipe does not have is refused, and so is none, with what the recipe needs', async () => {
  for (const sources of [[], ['npm=table.jsonl']]) {
    await expect(buildRecipe({ recipe: 'x1', sources, out: folder })).rejects.toMatchObject({
      code: 'RECIPE_SOURCES',
      hint: expect.stringContaining('cvefixes'),
    });
  }
});

test("builds each dataset by its rules, names what is missing, and counts beside the paper's", async () => {
  mkdirSync(join(folder, 'CVE-2020-1'));
  writeFileSync(join(folder, 'CVE-2020-1', 'statement.yaml'), 'vulnerability_id: CVE-2020-1\n');
  const asked: object[] = [];
  const part = (functions: number) => ({ functions }) as never;
  const parts = {
    build: async (options: object) => {
      asked.push(options);
      const info = {
        splits: { train: part(7), valid: part(2), test: part(1) },
        sources: [],
        options: { seed: 42 },
      };
      return { info } as never;
    },
    cacheDir: async () => folder,
    report: async () => {},
  };
  const warned: string[] = [];
  const report = {
    note: () => {},
    warn: (text: string) => warned.push(text),
    task: () => ({ update() {}, log() {}, stop() {} }),
  };
  const built = await buildRecipe(
    { recipe: 'x1', sources: [`project-kb=${folder}`], out: folder },
    { report },
    parts as never,
  );
  expect(built.missing.map(({ name }) => name)).toEqual(['cvefixes', 'vcmatch']);
  expect(warned).toHaveLength(2);
  expect(built.datasets[0]!.counts).toEqual([
    { part: 'functions', paper: 1334, ours: 10 },
    { part: 'train', paper: 810, ours: 7 },
    { part: 'valid', paper: 272, ours: 2 },
    { part: 'test', paper: 252, ours: 1 },
  ]);
  expect(asked).toMatchObject([
    { strict: true, negatives: 'none', outDir: join(folder, 'x1') },
    { strict: true, negatives: 'other-projects', ratio: 32.4, outDir: join(folder, 'x1-p3') },
    { context: 'callees', contextMaxTokens: 64, outDir: join(folder, 'x1-p3-callees') },
  ]);
});
