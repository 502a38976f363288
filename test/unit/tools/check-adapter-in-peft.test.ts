/**
 * @file tools/check-adapter-in-peft.mjs as a program: what it refuses, and, where its Python environment exists
 * (`node tools/python-env.mjs`), that it tells PEFT's own logits from others.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sharedFolder } from '../../support/shared.ts';

const project = resolve(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'vultune-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function check(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const program = join(project, 'tools', 'check-adapter-in-peft.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

function written(name: string, rows: readonly unknown[]): string {
  const file = join(folder, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

function adapter(name: string, settings: object): string {
  const path = join(folder, name, 'adapter');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'adapter_config.json'), JSON.stringify({ base_model_name_or_path: '../base' }));
  writeFileSync(join(path, 'vultune.json'), JSON.stringify(settings));
  return join(folder, name);
}

const data = written('data.jsonl', [{ code: 'int f();' }]);

describe('refused, with exit code 2, before any Python runs', () => {
  test.each([
    ['no adapter', [folder, '--data', data], 'no adapter_config.json'],
    ['no --data', [folder], '--data'],
    ['unknown option', [folder, '--dta', data], '--dta'],
    ['count of nothing', [folder, '--data', data, '--count', '0'], '--count'],
    ['pooling that PEFT has not', [adapter('mean', { pooling: 'mean' }), '--data', data], 'pooling: mean'],
    [
      'functions cut as PEFT does not cut',
      [adapter('head-tail', { longFunctions: 'head_tail' }), '--data', data],
      'longFunctions: head_tail',
    ],
    [
      'predictions without logits',
      [adapter('plain', {}), '--data', data, '--predictions', written('score.jsonl', [{ score: 1 }])],
      '"logits"',
    ],
  ])('%s', (_, args, message) => {
    const { code, stderr } = check(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

const shared = sharedFolder();
const environment = join(project, '.venv', 'vultune-requirements.sha256');
const reason = shared === undefined ? 'no shared folder' : existsSync(environment) ? undefined : 'no .venv';
if (reason !== undefined) console.log(`comparison with PEFT skipped: ${reason}`);

describe.skipIf(reason !== undefined)('against PEFT, on the llama fixture', () => {
  const fixture = join(shared ?? '', 'fixtures', 'llama');
  const { functions, logits } = readFixture(fixture);
  const rows = functions.map((tokens, id) => ({ id: String(id), tokens }));
  const file = reason === undefined ? written('tokens.jsonl', rows) : '';

  const compare = (predictions: readonly (readonly number[])[]) =>
    check(
      join(fixture, 'adapter'),
      '--data',
      file,
      '--predictions',
      written(
        'predictions.jsonl',
        predictions.map((row, id) => ({ id: String(id), logits: row })),
      ),
    );

  test('its own logits pass', () => {
    const { code, stdout } = compare(logits);
    expect(stdout).toMatch(/functions +5\b[\s\S]*\nok\n$/);
    expect(code).toBe(0);
  });

  test('one logit off by 2e-3 fails and is named', () => {
    const { code, stdout } = compare(logits.map((row, i) => (i === 3 ? [row[0]!, row[1]! + 2e-3] : row)));
    expect(stdout).toMatch(/2\.\d+e-3[\s\S]*row 4:[\s\S]*\nFAIL\n$/);
    expect(code).toBe(1);
  });
});

/** The three tensors needed, read without the engine: this test is of another program. */
function readFixture(path: string): { functions: number[][]; logits: number[][] } {
  if (reason !== undefined) return { functions: [], logits: [] };
  const bytes = readFileSync(join(path, 'io.safetensors'));
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const data = (name: string): Buffer => {
    const [begin, end] = header[name]!.data_offsets;
    return bytes.subarray(8 + headerBytes + begin, 8 + headerBytes + end);
  };
  const integers = (name: string) =>
    Array.from({ length: data(name).length / 8 }, (_, i) => Number(data(name).readBigInt64LE(8 * i)));
  const ids = integers('input_ids');
  let at = 0;
  const functions = integers('lengths').map((length) => {
    at += length;
    return ids.slice(at - length, at);
  });
  const logits = functions.map((_, i) => [0, 1].map((k) => data('cls_logits').readFloatLE(4 * (2 * i + k))));
  return { functions, logits };
}
