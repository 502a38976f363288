/**
 * @file tools/check-adapters-of-families.mjs: what it refuses, and, where the Python environment exists
 * (`node tools/python-env.mjs`), that its Python half gives PEFT's logits and tells an adapter of which a tensor is missing.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readAllSafetensors, writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { readReferenceFolder } from '../../../src/parity/reference-folder.ts';

const project = resolve(import.meta.dirname, '..', '..', '..');
const python = join(project, '.venv', 'bin', 'python');
const work = mkdtempSync(join(tmpdir(), 'vultune-families-test-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('refused, with exit code 2, before anything is trained', () => {
  test.each([
    ['a folder without reference outputs', [work], 'not a reference folder'],
    ['a tolerance of nothing', ['--tolerance', '0'], '--tolerance'],
    ['keys that are no JSON', ['--train', 'use_dora'], '--train'],
    ['an unknown option', ['--tolerances', '1'], '--tolerances'],
  ])('%s', (_, args, message) => {
    const program = join(project, 'tools', 'check-adapters-of-families.mjs');
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(status).toBe(2);
  });
});

test.skipIf(!existsSync(python))(
  'the Python half: PEFT’s logits of each kind of model, an error for a missing tensor',
  async () => {
    // Ordinary, transposed matrices, an encoder's head, and the two models that Transformers lacks.
    const names = ['llama', 'gpt2-bare', 'roberta-bare', 'codegen2', 'chatglm'];
    const folders = await Promise.all(
      names.map((name) => readReferenceFolder(join(project, 'test', 'fixtures', name))),
    );
    const damaged = join(work, 'adapter');
    cpSync(folders[0]!.adapter, damaged, { recursive: true });
    const weights = join(damaged, 'adapter_model.safetensors');
    const tensors = await readAllSafetensors(weights);
    tensors.delete([...tensors.keys()].find((name) => name.includes('lora_B'))!);
    await writeSafetensors(weights, tensors, { format: 'pt' });

    const jobs = folders.map(({ dir, base, adapter, functions }) => ({
      folder: dir,
      base,
      adapter,
      functions,
    }));
    const file = join(work, 'jobs.json');
    writeFileSync(file, JSON.stringify([...jobs, { ...jobs[0], adapter: damaged }]));
    const { stdout } = spawnSync(python, [join(project, 'tools', 'family_logits.py'), file], {
      encoding: 'utf8',
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { logits: number[][]; error?: string });

    for (const [i, folder] of folders.entries()) {
      const expected = Array.from(folder.optional('cls_logits')!);
      const worst = Math.max(...lines[i]!.logits.flat().map((z, k) => Math.abs(z - expected[k]!)));
      expect(worst, names[i]).toBeLessThan(1e-5);
    }
    expect(lines[folders.length]!.error).toContain('lora_B');
  },
  120_000,
);
