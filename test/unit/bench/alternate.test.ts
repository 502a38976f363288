/**
 * @file What every benchmark rests on: contenders take turns, each in a process of its own; one that fails, or prints
 * something that is not a figure, is reported and the others go on; medians.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

interface Measurement {
  name: string;
  round: number;
  figures?: Record<string, number>;
  error?: string;
}
interface Contender {
  name: string;
  command: string;
  args: string[];
}
interface Worker {
  alternate: (
    contenders: Contender[],
    options: { rounds: number; required: string[]; say: (text: string) => void },
  ) => Promise<Measurement[]>;
}
interface Summary {
  summarise: (
    measurements: Measurement[],
  ) => Map<string, Record<string, { median: number; min: number; max: number }>>;
  table: (rows: string[][]) => string;
}

const bench = resolve(import.meta.dirname, '..', '..', '..', 'bench');
const load = async <T>(file: string): Promise<T> =>
  (await import(/* @vite-ignore */ pathToFileURL(join(bench, file)).href)) as T;
const { alternate } = await load<Worker>('worker.mjs');
const { summarise, table } = await load<Summary>('summary.mjs');

const worker = (name: string, code: string): Contender => ({
  name,
  command: process.execPath,
  args: ['-e', code],
});
const options = { rounds: 2, required: ['speed'], say: () => {} };

test('contenders take turns and each figure comes from another process', async () => {
  const print = 'console.log("note"); console.log(JSON.stringify({ speed: process.pid }))';
  const measured = await alternate([worker('a', print), worker('b', print)], options);
  expect(measured.map(({ name, round }) => `${name}${round}`)).toEqual(['a1', 'b1', 'a2', 'b2']);
  expect(new Set(measured.map((each) => each.figures?.speed)).size).toBe(4);
});

test.each([
  [
    'a crash, with what it said last',
    'console.error("out of luck"); process.exit(3)',
    /exit code 3[\s\S]*out of luck/,
  ],
  ['a crash after its figures', 'console.log("{\\"speed\\":1}"); process.exitCode = 1', /exit code 1/],
  ['no JSON', 'console.log("fast")', /no JSON: fast/],
  ['no number', 'console.log(JSON.stringify({ speed: NaN }))', /no figure for speed/],
  ['nothing', '', /no JSON/],
])('%s is an error and not a figure', async (_, code, message) => {
  const good = worker('good', 'console.log("{\\"speed\\":1}")');
  const [bad, next] = await alternate([worker('bad', code), good], { ...options, rounds: 1 });
  expect(bad?.error).toMatch(message);
  expect(bad?.figures).toBeUndefined();
  expect(next?.figures).toEqual({ speed: 1 });
});

test('a command that does not exist is an error of its contender', async () => {
  const [missing] = await alternate([{ name: 'x', command: '/nowhere/at/all', args: [] }], {
    ...options,
    rounds: 1,
  });
  expect(missing?.error).toContain('ENOENT');
});

test('medians, smallest and largest; failed rounds do not count', () => {
  const rounds = [4, 1, 3, 2].map((speed, i) => ({ name: 'a', round: i, figures: { speed } }));
  const summary = summarise([
    ...rounds,
    { name: 'a', round: 5, error: 'no' },
    { name: 'b', round: 1, error: 'no' },
  ]);
  expect(summary.get('a')).toEqual({ speed: { median: 2.5, min: 1, max: 4, count: 4 } });
  expect(summary.has('b')).toBe(false);
});

test('a table has every column as wide as its widest cell', () => {
  expect(
    table([
      ['', 'x'],
      ['name', '10.5'],
    ]),
  ).toBe('         x\n----  ----\nname  10.5');
});
