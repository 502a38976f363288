/** @file report.html of the commands that write a dataset: there unless refused, and the rest does not depend on it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import type { BuildParts } from '../../../src/workflows/build-dataset/build-dataset.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let input = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-dataset-report-'));
  await writeTinyRun(folder);
  input = join(folder, 'functions.jsonl');
  const lines = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({
      id: `f${i}`,
      code: `function name${i}(a) {\n  return <b>${i} * ${i}</b>;\n}`,
      target: i % 2,
      commit: `c${i}`,
      project: 'p',
    }),
  );
  writeFileSync(input, `${lines.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const command = dataCommand({} as BuildParts);
const data = (...argv: string[]) => cliCase([command], ['data', ...argv], { env: { HF_HUB_OFFLINE: '1' } });
const page = (out: string) => readFileSync(join(out, 'report.html'), 'utf8');

test.each(['split', 'merge'])('data %s writes it; --no-report changes no other file', async (name) => {
  const [out, bare] = [join(folder, name), join(folder, `${name}-bare`)];
  const by = name === 'merge' ? ['--by', 'commit'] : [];
  const { exitCode, stdout } = await data(name, input, ...by, '--out', out);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('its report.html shows it');
  expect(page(out)).toContain('estimate');
  expect(page(out)).not.toContain('<b>0 * 0</b>');
  const without = await data(name, input, ...by, '--out', bare, '--no-report');
  expect(without.stdout).not.toContain('report.html');
  expect(existsSync(join(bare, 'report.html'))).toBe(false);
  for (const file of ['train.jsonl', 'valid.jsonl', 'test.jsonl', 'dataset.json', 'README.md'])
    expect(readFileSync(join(bare, file), 'utf8'), file).toBe(readFileSync(join(out, file), 'utf8'));
});

test('a model on this machine counts its tokens; one that would have to be fetched is not, and that is said', async () => {
  const base = join(folder, 'base');
  const counted = join(folder, 'counted');
  expect((await data('split', input, '--out', counted, '--base-model', base)).stderr).not.toContain('note:');
  expect(page(counted)).toContain(base);
  const estimated = join(folder, 'estimated');
  const { exitCode, stderr } = await data(
    'split',
    input,
    '--out',
    estimated,
    '--base-model',
    'nobody/has-this',
  );
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/note: token lengths in report.html are estimates: .*nobody\/has-this/);
  expect(page(estimated)).toContain('estimate');
});
