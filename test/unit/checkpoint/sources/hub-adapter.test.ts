import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchHubAdapter } from '../../../../src/checkpoint/sources/hub-model.ts';
import type { ResolveOptions } from '../../../../src/checkpoint/sources/model-source.ts';
import { COMMIT_A, COMMIT_B, type FakeHub, startFakeHub } from '../../../support/fake-hub.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

let hub: FakeHub;
let cacheDir: string;
beforeEach(async () => {
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_HUB_OFFLINE', 'HF_ENDPOINT'])
    vi.stubEnv(name, '');
  cacheDir = mkdtempSync(join(tmpdir(), 'vultune-hub-adapter-'));
  vi.stubEnv('HF_HOME', join(cacheDir, 'home'));
  hub = await startFakeHub();
  hub.files = {
    'adapter_config.json': bytes('{}'),
    'adapter_model.safetensors': bytes('weights'),
    'vultune.json': bytes('{"threshold": 0.5}'),
    'blend.json': bytes('{}'),
    'README.md': bytes('# adapter'),
    'training_args.bin': bytes('pickle'),
    'tokenizer.json': bytes('{}'),
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const fetchAdapter = (options: ResolveOptions = {}) =>
  fetchHubAdapter('org/model', { cacheDir, hubUrl: hub.url, ...options });

test('an adapter from the hub: its own files, once, and offline from then on', async () => {
  const { path, revision } = await fetchAdapter();
  expect(revision).toBe(COMMIT_A);
  expect(readdirSync(path).toSorted()).toEqual([
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
    'blend.json',
    'tokenizer.json',
    'vultune.json',
  ]);
  hub.requests.length = 0;
  expect((await fetchAdapter()).path).toBe(path);
  expect(hub.requests.filter((line) => line.includes('/resolve/'))).toEqual([]);
  expect((await fetchAdapter({ offline: true })).path).toBe(path);
});

test("an older adapter's adapter_model.bin, only where there are no safetensors", async () => {
  hub.files['adapter_model.bin'] = bytes('pickle');
  expect(readdirSync((await fetchAdapter()).path)).not.toContain('adapter_model.bin');
  hub.commit = COMMIT_B;
  delete hub.files['adapter_model.safetensors'];
  const { path } = await fetchAdapter();
  expect(readdirSync(path)).toContain('adapter_model.bin');
  expect((await fetchAdapter({ offline: true })).path).toBe(path);
});

test('a repository without an adapter, offline without one', async () => {
  await expect(fetchAdapter({ offline: true })).rejects.toMatchObject({ code: 'MODEL_NOT_CACHED' });
  delete hub.files['adapter_model.safetensors'];
  await expect(fetchAdapter()).rejects.toMatchObject({
    code: 'ADAPTER_MISSING',
    message: expect.stringContaining('adapter_model.safetensors'),
  });
});
