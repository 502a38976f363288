/** @file `prompt` in four parts, as processes side by side write them, against the whole run: the same run folder. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { promptCommand } from '../../../src/cli/commands/prompt.ts';
import { runPrompt } from '../../../src/cli/prompt/run-prompt.ts';
import { promptShard } from '../../../src/workflows/prompt/prompt-shards.ts';
import { cliCase } from '../../support/cli-case.ts';
import { recordedTasks } from '../../support/recorded-tasks.ts';
import { writeTinyBase } from '../../support/tiny-adapter.ts';

const SHARDS = ['1/4', '2/4', '3/4', '4/4'];
/** Calls of eight functions, and one of three. */
const FUNCTIONS = 51;

let folder = '';
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-sharded-prompts-'));
  vi.stubEnv('VULTUNE_CACHE', at('cache'));
  writeTinyBase(at('base'), 'llama');
  const prompt = { id: 'own', user: 'Bad? {code}', answers: { yes: ['yes'], no: ['no'] } };
  writeFileSync(at('own.yaml'), JSON.stringify(prompt));
  write(
    'data.jsonl',
    Array.from({ length: FUNCTIONS }, (_, i) => `int f(int a) { return a${'+a'.repeat(i % 9)} * ${i}; }`),
  );
  for (const shard of SHARDS) {
    const { exitCode, stderr } = await prompted('--shard', shard, '--out', partOf(shard));
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`shard ${shard}`)]);
  }
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function write(name: string, codes: readonly string[]): void {
  // Ids that are not unique.
  const lines = codes.map((code, i) => JSON.stringify({ id: `f${i % 40}`, code, target: i % 2 }));
  writeFileSync(at(name), `${lines.join('\n')}\n`);
}

const prompted = (...argv: string[]) => promptedOf({}, ...argv);
const promptedOf = ({ model = 'base', data = 'data.jsonl' }, ...argv: string[]) => {
  const asked = ['prompt', at(model), '--prompt', at('own.yaml'), '--data', at(data)];
  return cliCase([promptCommand(runPrompt)], [...asked, '--no-cache', '--num-threads', '1', ...argv]);
};

const partOf = (shard: string) => at(`${shard[0]}.part`);
const PARTS = () => SHARDS.map(partOf);

test('four parts give the run of the whole, byte for byte', async () => {
  expect((await prompted('--out', at('whole'))).exitCode).toBe(0);
  const { exitCode, stderr } = await prompted('--out', at('merged'), '--merge', ...PARTS().toReversed());
  expect(exitCode, stderr).toBe(0);
  for (const file of ['predictions/test.jsonl', 'metrics.json', 'prompt.json', 'unclassified.csv']) {
    const [whole, merged] = ['whole', 'merged'].map((run) => readFileSync(at(run, file), 'utf8'));
    expect(whole!.length, file).toBeGreaterThan(20);
    expect(merged, file).toBe(whole);
  }
}, 120_000);

test('each answer is in one part, and a part has no code', () => {
  const lines = PARTS().flatMap((part) => readFileSync(part, 'utf8').split('\n').slice(1, -2));
  const rows = lines.map((line) => (JSON.parse(line) as { at: number }).at);
  expect(rows.toSorted((a, b) => a - b)).toEqual([...new Array(FUNCTIONS).keys()]);
  expect(lines.join('')).not.toContain('return');
});

test("the progress of a part is that of the shard's own functions", async () => {
  const { report, last } = recordedTasks();
  const asked = { model: at('base'), prompt: at('own.yaml'), data: at('data.jsonl'), cache: false };
  // Calls 3 and 7, the last one of three functions.
  const shard = { index: 3, count: 4 };
  await promptShard({ ...asked, numThreads: 1, shard, out: at('told.part') }, { report });
  expect(last.get('asking')).toEqual({ done: 11, total: 11 });
});

test.each([
  ['a part that is missing', () => ['--merge', ...PARTS().slice(1)], 'parts? (is|are) missing'],
  ['a part given twice', () => ['--merge', ...PARTS(), partOf('1/4')], 'are both shard'],
  ['another way to answer', () => ['--answer', 'text', '--merge', ...PARTS()], '--answer'],
  ['fewer functions', () => ['--limit', '48', '--merge', ...PARTS()], 'other functions'],
  ['a part without a place', () => ['--shard', '1/4'], 'needs --out'],
  ['a dry run of a part', () => ['--shard', '1/4', '--dry-run', '--out', at('x.part')], '--dry-run'],
])('%s is refused', async (_, argv, said) => {
  const { exitCode, stderr } = await prompted(...argv());
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(new RegExp(said));
  expect(existsSync(at('x.part'))).toBe(false);
});

test('parts of functions that have changed since are refused', async () => {
  write('other.jsonl', new Array(FUNCTIONS).fill('int f() { return 0; }'));
  const { exitCode, stderr } = await promptedOf({ data: 'other.jsonl' }, '--merge', ...PARTS());
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('other functions')]);
});

test('parts of another model than the merge names are refused by both names', async () => {
  const { exitCode, stderr } = await promptedOf({ model: 'another' }, '--merge', ...PARTS());
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/differ in MODEL: base and another/)]);
});

test('the model may lie in another folder where parts are merged', async () => {
  const { exitCode, stderr } = await promptedOf({ model: 'moved/base' }, '--merge', ...PARTS());
  expect(exitCode, stderr).toBe(0);
});
