/** @file Table files: what is refused, and what rows, grids, scales and sweeps become. */
import { describe, expect, test } from 'vitest';
import { parseTable } from '../../../src/experiments/experiment-table.ts';
import { tablePath } from '../../../src/experiments/shipped-files.ts';
import { parseSweeps } from '../../../src/experiments/sweep.ts';

const table = (changed: object = {}) =>
  JSON.stringify({
    title: 'T',
    base: { base_model: 'b' },
    columns: [{ metric: 'roc_auc', on: 'valid' }, { metric: 'f1' }],
    rows: [
      { name: 'A', set: { lora_r: 4 }, paper: ['0.570', null] },
      { name: 'B', scale: { laptop: { max_length: 64 } } },
    ],
    scale: {
      laptop: { set: { max_length: 128, lora_r: 2 }, seeds: [7], on: 'valid', differences: ['small'] },
    },
    ...changed,
  });
const parse = (changed?: object, scale?: string) => parseTable(table(changed), 'my/tiny.yaml', scale);

describe('a table file', () => {
  test("keeps the paper's cells as they are printed, null where there are none", () => {
    expect(parse().rows.map(({ paper }) => paper)).toEqual([
      ['0.570', null],
      [null, null],
    ]);
    expect(parse()).toMatchObject({ name: 'tiny', seeds: [42], scales: ['laptop'] });
  });

  test('at a scale: its settings lie under those of a row, and those of the row at the scale over both', () => {
    const { rows, seeds, columns, differences } = parse({}, 'laptop');
    expect(rows.map(({ set }) => set)).toEqual([
      { max_length: 128, lora_r: 4 },
      { max_length: 64, lora_r: 2 },
    ]);
    expect({ seeds, differences }).toEqual({ seeds: [7], differences: ['small'] });
    expect(columns[1]).toEqual({ metric: 'f1', on: 'valid', label: 'Test F1 (ours: validation)' });
  });

  test('a grid gives every combination, and the paper has its cells by name', () => {
    const { rows } = parse({
      rows: [],
      grid: { focal_gamma: [1, 3], loss: ['focal'] },
      paper: { 'focal_gamma=3, loss=focal': ['0.8', '0.2'] },
    });
    expect(rows.map(({ name, set, paper }) => [name, set, paper])).toEqual([
      ['focal_gamma=1, loss=focal', { focal_gamma: 1, loss: 'focal' }, [null, null]],
      ['focal_gamma=3, loss=focal', { focal_gamma: 3, loss: 'focal' }, ['0.8', '0.2']],
    ]);
  });

  test.each([
    ['an unknown key of the table', { colums: [] }, 'CONFIG_KEY_UNKNOWN'],
    ['an unknown metric', { columns: [{ metric: 'rocauc' }] }, 'CONFIG_VALUE_INVALID'],
    ["cells of the paper for a row that isn't there", { paper: { C: ['1', '2'] } }, 'EXPERIMENT_PAPER_ROW'],
    ["a row's cells twice", { paper: { A: ['1', '2'] } }, 'EXPERIMENT_PAPER_ROW'],
    ['a cell too few', { rows: [{ name: 'A', paper: ['0.5'] }] }, 'EXPERIMENT_PAPER_CELLS'],
    ['two rows of one name', { rows: [{ name: 'A' }, { name: 'A' }] }, 'EXPERIMENT_ROWS'],
    ['no rows', { rows: [] }, 'EXPERIMENT_ROWS'],
    [
      "a row's settings for a scale that isn't there",
      { rows: [{ name: 'A', scale: { lpatop: { lora_r: 1 } } }] },
      'EXPERIMENT_SCALE',
    ],
    ['a start from no row', { rows: [{ name: 'A', init_from: 'B' }] }, 'EXPERIMENT_INIT_FROM'],
    ['a start from itself', { rows: [{ name: 'A', init_from: 'A' }] }, 'EXPERIMENT_INIT_FROM'],
    [
      'rows that start from one another',
      {
        rows: [
          { name: 'A', init_from: 'B' },
          { name: 'B', init_from: 'A' },
        ],
      },
      'EXPERIMENT_INIT_FROM',
    ],
    [
      'a start from a row that is asked',
      {
        rows: [
          { name: 'A', prompt: 'pd-1' },
          { name: 'B', init_from: 'A' },
        ],
      },
      'EXPERIMENT_INIT_FROM',
    ],
    [
      'two starts',
      { rows: [{ name: 'A' }, { name: 'B', init_from: 'A', set: { init_adapter: 'x' } }] },
      'EXPERIMENT_INIT_FROM',
    ],
    ['a seed twice', { seeds: [1, 1] }, 'CONFIG_VALUE_INVALID'],
    [
      'a grid without end',
      {
        grid: Object.fromEntries(
          ['a', 'b', 'c', 'd'].map((key) => [key, Array.from({ length: 100 }, (_, i) => i)]),
        ),
      },
      'EXPERIMENT_ROWS',
    ],
  ])('refuses %s', (_, changed, code) => {
    expect(() => parse(changed)).toThrow(expect.objectContaining({ code }));
  });

  test('refuses a scale that it does not have, and names those it has', () => {
    expect(() => parse({}, 'phone')).toThrow(
      expect.objectContaining({ code: 'EXPERIMENT_SCALE', hint: 'its scales: laptop' }),
    );
  });
});

describe('names and sweeps', () => {
  test('a name is that of a shipped table, or else a path as it is written', () => {
    expect(tablePath('shestov-table-6')).toMatch(/data[\\/]experiments[\\/]shestov-table-6\.yaml$/);
    expect(tablePath('mine/own.yaml')).toBe('mine/own.yaml');
    expect(() => tablePath('shestov-table-66')).toThrow(
      expect.objectContaining({ code: 'EXPERIMENT_UNKNOWN' }),
    );
  });

  test('a sweep reads its values as YAML, lists included', () => {
    expect(parseSweeps(['learning_rate=1e-4,2e-4', 'target_modules=[q_proj,k_proj],all-linear'])).toEqual({
      learning_rate: [1e-4, 2e-4],
      target_modules: [['q_proj', 'k_proj'], 'all-linear'],
    });
  });

  test.each(['learning_rate', '=1', 'a=', 'a={', '__proto__=1'])('refuses the sweep %s', (sweep) => {
    expect(() => parseSweeps([sweep])).toThrow(expect.objectContaining({ code: 'EXPERIMENT_SWEEP' }));
  });
});
