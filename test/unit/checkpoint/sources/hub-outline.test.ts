/** @file What a model of the hub is without its weights: opened like the whole one, at a fraction of the bytes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../../../src/checkpoint/open-checkpoint.ts';
import { outlineHubModel } from '../../../../src/checkpoint/sources/hub-outline.ts';
import { openModel } from '../../../../src/network/open-model.ts';
import { COMMIT_A, type FakeHub, startFakeHub } from '../../../support/fake-hub.ts';
import { FAMILIES, ggufOf } from '../../../support/gguf-families.ts';
import { ggufBytes } from '../../../support/gguf-writer.ts';
import { writeTinyBase } from '../../../support/tiny-adapter.ts';

let hub: FakeHub;
let folder: string;
let base: string;
beforeEach(async () => {
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_HUB_OFFLINE', 'HF_ENDPOINT'])
    vi.stubEnv(name, '');
  folder = mkdtempSync(join(tmpdir(), 'vultune-outline-test-'));
  vi.stubEnv('HF_HOME', join(folder, 'home'));
  base = join(folder, 'base');
  writeTinyBase(base, 'llama');
  hub = await startFakeHub();
  hub.files = Object.fromEntries(
    readdirSync(base).map((name) => [name, new Uint8Array(readFileSync(join(base, name)))]),
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const code = (value: string) => expect.objectContaining({ code: value });
const outline = (file?: string) =>
  outlineHubModel(
    { kind: 'hub', name: 'org/model', ...(file === undefined ? {} : { file }) },
    join(folder, 'outline'),
    { hubUrl: hub.url },
  );

describe('safetensors', () => {
  test('has the specification, the tokenizer and the tensors of the whole model', async () => {
    const found = await outline();
    const [whole, without] = [await openModel(base), await openModel(found!.path)];
    expect(without.spec).toEqual(whole.spec);
    expect(without.tokenizer.encode('f(a)')).toEqual(whole.tokenizer.encode('f(a)'));
    const shapes = ({ checkpoint }: typeof whole) =>
      [...checkpoint.tensors].map(([name, { shape, storedDtype }]) => [name, shape, storedDtype]);
    expect(shapes(without)).toEqual(shapes(whole));
    await whole.checkpoint.close();
    await without.checkpoint.close();
    expect(found).toMatchObject({ commit: COMMIT_A });
  });

  test('of the weights only the header is asked for', async () => {
    const found = await outline();
    const weights = hub.files['model.safetensors']!;
    const header = 8 + Number(Buffer.from(weights).readBigUInt64LE(0));
    expect(hub.requests.filter((line) => line.includes('model.safetensors'))).toEqual([
      expect.stringMatching(/bytes=0-7$/),
      expect.stringMatching(new RegExp(`bytes=0-${header - 1}$`)),
    ]);
    expect(found!.totalBytes - found!.fetchedBytes).toBe(weights.length - header);
    expect(statSync(join(found!.path, 'model.safetensors')).size).toBe(weights.length);
  });

  test('a server without ranges sends more, which is not read', async () => {
    hub.ranges = false;
    const found = await outline();
    expect(found!.fetchedBytes).toBeLessThan(found!.totalBytes);
    await (await openModel(found!.path)).checkpoint.close();
  });

  test('a header that claims more than the file has', async () => {
    hub.files['model.safetensors'] = new Uint8Array(2000).fill(255);
    await expect(outline()).rejects.toThrow(code('SAFETENSORS_HEADER'));
  });
});

test('a GGUF file of several has the configuration and the tensors of the whole file', async () => {
  const bytes = new Uint8Array(ggufBytes(ggufOf(FAMILIES.qwen2!)));
  hub.files = { 'a.gguf': bytes, 'b.gguf': bytes };
  const found = await outline('a.gguf');
  const checkpoint = await openCheckpoint(found!.path);
  expect(checkpoint.config).toMatchObject({ model_type: 'qwen2' });
  expect(checkpoint.tensors.size).toBeGreaterThan(5);
  await checkpoint.close();
  await expect(outline('c.gguf')).rejects.toThrow(code('MODEL_FILE_MISSING'));
});

test("PyTorch's files have no header to fetch", async () => {
  const { 'model.safetensors': weights, ...rest } = hub.files;
  hub.files = { ...rest, 'pytorch_model.bin': weights! };
  expect(await outline()).toBeUndefined();
  expect(hub.requests.filter((line) => line.includes('/resolve/'))).toEqual([]);
});

test('no hub, no such model', async () => {
  const options = { hubUrl: 'http://127.0.0.1:9' };
  await expect(outlineHubModel({ kind: 'hub', name: 'org/model' }, folder, options)).rejects.toThrow(
    code('MODEL_HUB_UNREACHABLE'),
  );
  await expect(
    outlineHubModel({ kind: 'hub', name: 'org/other' }, folder, { hubUrl: hub.url }),
  ).rejects.toThrow(code('MODEL_NOT_FOUND'));
});
