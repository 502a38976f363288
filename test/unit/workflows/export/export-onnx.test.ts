/** A run as one ONNX file: in another runtime, compiled for browsers, it gives the run's logits. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, expect, test } from 'vitest';
import { exportText } from '../../../../src/cli/export/run-export.ts';
import { exportModel } from '../../../../src/index.ts';
import { workflowContext } from '../../../../src/workflows/context.ts';
import { referenceLogits } from '../../../../src/workflows/export/check-functions.ts';
import { openExportSource } from '../../../../src/workflows/export/export-source.ts';
import { batchFeeds, exportOnnx } from '../../../../src/workflows/export/onnx-file.ts';
import { writeTinyRun } from '../../../support/tiny-adapter.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-onnx-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(root, 'run-'));

async function referenceOf(run: string) {
  const source = await openExportSource(run, { numThreads: 1 }, workflowContext());
  const reference = await referenceLogits(source);
  await source.close();
  return reference;
}

test.each(['llama', 'bert', 'gpt2'])('%s in WebAssembly', async (fixture) => {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  const folder = fresh();
  const run = await writeTinyRun(folder, { fixture });
  const file = join(folder, 'model.onnx');
  const [exported] = await exportModel({ run, onnx: file, numThreads: 1 });
  expect(exported!.error).toBeLessThan(1e-5);
  const { ids, logits } = await referenceOf(run);
  const session = await InferenceSession.create(readFileSync(file), { executionProviders: ['wasm'] });
  expect(session.inputNames).toEqual(['input_ids', 'attention_mask']);
  const feeds = Object.entries(batchFeeds(ids)).map(
    ([name, { data, shape }]) => [name, new Tensor('int64', data as BigInt64Array, shape)] as const,
  );
  const made = await session.run(Object.fromEntries(feeds));
  await session.release();
  const found = made.logits!.data as Float32Array;
  expect(found).toHaveLength(logits.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - logits[i]!)).toBeLessThan(1e-4);
  });
});

test('what the scores mean is in the file', async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder, { settings: { threshold: 0.25, maxLength: 40 } });
  const file = join(folder, 'model.onnx');
  const [exported] = await exportModel({ run, onnx: file, numThreads: 1 });
  const text = readFileSync(file, 'latin1');
  for (const part of [
    'raw_threshold',
    '0.25',
    'max_length',
    'pooling',
    '["safe","vulnerable"]',
    '"type":"BPE"',
  ]) {
    expect(text).toContain(part);
  }
  expect(exportText([exported!])).toMatch(/ONNX: .*model\.onnx, .*logits within/);
  expect(exportText([exported!])).toContain('not a part of the model');
});

test('weights that one file cannot hold lie in a second one', async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder);
  const file = join(folder, 'model.onnx');
  const source = await openExportSource(run, { numThreads: 1 }, workflowContext());
  const options = { dtype: 'float32', force: false, threads: 1, mostBytes: 1000 } as const;
  const exported = await exportOnnx(source, file, options, workflowContext());
  await source.close();
  expect(exported.error).toBeLessThan(1e-5);
  expect(exported.notes.join()).toContain('model.onnx.data');
  expect(readdirSync(folder).toSorted()).toEqual(['base', 'model.onnx', 'model.onnx.data', 'run']);
});

test('half the bytes with float16, none with bfloat16', async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder);
  const [half] = await exportModel({ run, onnx: join(folder, 'half.onnx'), dtype: 'float16', numThreads: 1 });
  expect(half!.error).toBeGreaterThan(0);
  expect(half!.error).toBeLessThan(1e-2);
  await expect(
    exportModel({ run, onnx: join(folder, 'other.onnx'), dtype: 'bfloat16' }),
  ).rejects.toMatchObject({ code: 'EXPORT_DTYPE' });
  expect(existsSync(join(folder, 'other.onnx'))).toBe(false);
});

test('a file that is there is refused', async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder);
  const onnx = join(folder, 'model.onnx');
  await exportModel({ run, onnx, numThreads: 1 });
  await expect(exportModel({ run, onnx })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  await exportModel({ run, onnx, force: true, numThreads: 1 });
});
