import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linesCommand } from '../../../src/cli/commands/lines.ts';
import { runLines } from '../../../src/cli/lines/run-lines.ts';
import { type CliCaseOptions, cliCase } from '../../support/cli-case.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-lines-')));
  run = await writeTinyRun(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

function dataset(name: string, records: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return path;
}

/** With a control character in its name, as a data set out of the wild may have. */
const RECORDS = [
  {
    id: 'p1',
    code: 'f(a)\nexec(a)\n}',
    target: 1,
    vulnerable_lines: [2],
    commit: 'c1',
    function_name: 'f\u001b[2J',
  },
  { id: 'p2', code: 'f(a)\nsafe(a)\n}', target: 0, vulnerable_lines: [2], commit: 'c1' },
  { id: 'q1', code: 'g(b)\n\nx(b)\ny(b)', target: 1, vulnerable_lines: [4, 4, 3], commit: 'c2' },
  { id: 'long', code: `${'z'.repeat(70)}\nbad()`, target: 1, vulnerable_lines: [2], commit: 'c3' },
  { id: 'unmarked', code: 'h()', target: 1, commit: 'c4' },
];

const lines = (argv: readonly string[], options?: CliCaseOptions) =>
  cliCase([linesCommand(runLines)], ['lines', run, '--num-threads', '1', ...argv], options);

interface Json {
  readonly functions: readonly {
    readonly id: string;
    readonly score: number;
    readonly truncated: boolean;
    readonly line_scores: readonly number[];
    readonly read_lines: readonly number[];
    readonly vulnerable_lines?: readonly number[];
  }[];
  readonly measures: {
    readonly functions: number;
    readonly not_read: number;
    readonly clusters: number;
    readonly rankings: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly above_random: Readonly<Record<string, readonly number[] | null>>;
  } | null;
}

async function linesJson(...argv: string[]): Promise<Json> {
  const { stdout, stderr } = await lines([...argv, '--json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Json;
}

describe('vultune lines', () => {
  test('as JSON: every function, most certain first, with a score a line', async () => {
    const { functions, measures } = await linesJson('--data', dataset('some.jsonl', RECORDS));
    const scores = functions.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(functions.map(({ id }) => id).toSorted()).toEqual(RECORDS.map(({ id }) => id).toSorted());
    const of = (id: string) => functions.find((one) => one.id === id)!;
    expect(of('q1').line_scores).toHaveLength(4);
    expect(of('q1').vulnerable_lines).toEqual([3, 4]);
    expect(of('long')).toMatchObject({ truncated: true, read_lines: [1] });
    // Vulnerable, marked, and read: the safe one, the unmarked one and the long one are not measured.
    expect(measures).toMatchObject({ functions: 2, not_read: 1 });
  });

  test.each(['gradient', 'occlusion'])(
    'measures are those of the scores that are told: %s',
    async (method) => {
      const data = dataset('marked.jsonl', RECORDS);
      const { functions, measures } = await linesJson('--data', data, '--method', method);
      const ranks = ['p1', 'q1'].map((id) => {
        const { line_scores, vulnerable_lines } = functions.find((one) => one.id === id)!;
        const code = RECORDS.find((record) => record.id === id)!.code.split('\n');
        const order = [...code.keys()]
          .filter((line) => code[line] !== '')
          .sort((a, b) => line_scores[b]! - line_scores[a]!);
        return order.findIndex((line) => vulnerable_lines!.includes(line + 1));
      });
      expect(measures!.rankings[method]).toEqual({
        top1: ranks.filter((rank) => rank === 0).length / 2,
        top5: 1,
        top10: 1,
        initial_false_alarm: (ranks[0]! + ranks[1]!) / 2,
      });
      // p1: "exec(a)" is its longest line; q1: both marked lines are as long as the first.
      expect(measures!.rankings.longest_line).toMatchObject({ top1: 0.5, initial_false_alarm: 0.5 });
      expect(measures!.rankings.random!.initial_false_alarm).toBeGreaterThan(0);
    },
  );

  test('as text: bars that need no colours, what a fix changed, the table beside chance', async () => {
    const { stdout, exitCode } = await lines(['--data', dataset('text.jsonl', RECORDS), '--count', '4']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^█{5} +\d {2}\S|^█{5} \* +\d {2}\S/m);
    expect(stdout).toMatch(/^.{6}\* 4 {2}y\(b\)$/m);
    // No line of a safe function is marked.
    expect(stdout).not.toMatch(/\* 2 {2}safe\(a\)/);
    expect(stdout).toContain('truncated: not read from line 2 on');
    expect(stdout).toContain('1 more function ');
    expect(stdout).toMatch(/top-1 +[\d.]+ +[\d.]+ +0\.500/);
    expect(stdout).toContain('2 vulnerable functions; 1 more was truncated');
    expect(stdout).toContain('few: true intervals are wider');
    // A blank line says nothing to a reader.
    expect(stdout).toMatch(/^ +2$/m);
    expect((await lines(['--data', dataset('text.jsonl', RECORDS)])).stdout).not.toContain('\u001b');
  });

  test('a long function: its strongest lines and the marked ones, the others counted', async () => {
    const code = Array.from({ length: 9 }, (_, i) => `l${i}()`).join('\n');
    const data = dataset('long.jsonl', [{ code, target: 1, vulnerable_lines: [9] }]);
    const { stdout } = await lines(['--data', data, '--max-lines', '2']);
    expect(stdout).toMatch(/ 1 {2}l0\(\)$/m);
    expect(stdout).toMatch(/\* 9 {2}l8\(\)$/m);
    expect(stdout).toMatch(/⋮ \d lines$/m);
    expect(stdout.match(/ l\d\(\)$/gm)!.length).toBeLessThanOrEqual(5);
  });

  test('a source file: lines counted as in the file, nothing to measure', async () => {
    const source = join(folder, 'source.js');
    writeFileSync(source, '// first\n\nfunction f(a) {\n  return eval(a);\n}\n');
    const { stdout } = await lines(['--data', source]);
    expect(stdout).toMatch(/source\.js:3 {2}f/);
    expect(stdout).toMatch(/ 4 {4}return eval\(a\);$/m);
    expect(stdout).toContain('lines not measured');
    expect((await linesJson('--data', source)).measures).toBeNull();
  });

  test('standard input, and marks that are no line numbers', async () => {
    const stdin = `${JSON.stringify({ code: 'a\nb', target: 1, vulnerable_lines: [0, 'x', 9, 2] })}\n`;
    const { stdout } = await lines(['--data', '-', '--json'], { stdin });
    const { functions, measures } = JSON.parse(stdout) as Json;
    expect(functions[0]!.vulnerable_lines).toEqual([2, 9]);
    expect(measures!.functions).toBe(1);
    expect(measures!.above_random.top1).toBeNull();
  });

  test('what is wrong is said before the model is opened', async () => {
    const missing = await lines(['--data', join(folder, 'nothing.jsonl')]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain('nothing.jsonl');
    expect((await lines(['--data', dataset('x.jsonl', RECORDS), '--method', 'guess'])).exitCode).toBe(2);
    expect((await lines([])).exitCode).toBe(2);
  });

  test('Ctrl-C stops the scoring', async () => {
    const data = dataset('stop.jsonl', RECORDS);
    const { exitCode, stdout } = await lines(['--data', data], { signal: AbortSignal.abort() });
    expect([exitCode, stdout]).toEqual([130, '']);
  });
});
