/** A run exported as a checkpoint: read again, it gives the run's logits without an adapter. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parameterKey } from '../../../../src/adapters/parameter-key.ts';
import { openCheckpoint } from '../../../../src/checkpoint/open-checkpoint.ts';
import { readAllSafetensors } from '../../../../src/checkpoint/safetensors.ts';
import { exportModel } from '../../../../src/index.ts';
import type { Model } from '../../../../src/model/spec.ts';
import { openModel } from '../../../../src/network/open-model.ts';
import { scoreFunctions } from '../../../../src/network/score-functions.ts';
import type { HostTensor } from '../../../../src/tensor/host-tensor.ts';
import { workflowContext } from '../../../../src/workflows/context.ts';
import { referenceLogits } from '../../../../src/workflows/export/check-functions.ts';
import { type ExportSource, openExportSource } from '../../../../src/workflows/export/export-source.ts';
import { exportMerged } from '../../../../src/workflows/export/merged-checkpoint.ts';
import { transformersConfig } from '../../../../src/workflows/export/transformers-config.ts';
import { type TinyRunOptions, writeTinyRun } from '../../../support/tiny-adapter.ts';
import { tinyNetwork } from '../../../support/tiny-model.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-export-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(root, 'run-'));

const FAMILIES: readonly (readonly [fixture: string, architecture: string])[] = [
  ['llama', 'LlamaForSequenceClassification'],
  ['qwen2', 'Qwen2ForSequenceClassification'],
  ['gpt2', 'GPT2ForSequenceClassification'],
  ['gpt_bigcode', 'GPTBigCodeForSequenceClassification'],
  ['bert', 'BertForSequenceClassification'],
  ['roberta', 'RobertaForSequenceClassification'],
  ['codegen', 'CodeGenModel'],
];

/** Logits of the check's functions: the run's, and those of the exported folder alone. */
async function logitsOf(run: string, folder: string) {
  const source = await openExportSource(run, { numThreads: 1 }, workflowContext());
  const { ids, logits } = await referenceLogits(source);
  const { head } = source;
  await source.close();
  const model = await openModel(folder);
  const apart = join(folder, 'classifier.safetensors');
  const inFile = existsSync(apart) ? await readAllSafetensors(apart) : new Map<string, HostTensor>();
  const parameters = new Map<string, HostTensor<'float32'>>();
  for (const { name, first } of head.parameters) {
    if (first === undefined) continue;
    const tensor = inFile.get(name) ?? (await model.checkpoint.read(name));
    parameters.set(parameterKey(name), tensor as HostTensor<'float32'>);
  }
  const tiny = { model: model.spec, weights: model.weights };
  const { network } = await tinyNetwork(tiny, { head, adapted: [], parameters, pooling: source.pooling });
  const merged = await scoreFunctions(network, head, ids, { tokensPerBatch: 1 });
  await network.release();
  await model.checkpoint.close();
  return { ours: logits, merged: merged.data };
}

function expectClose(found: Float32Array, expected: Float32Array, within: number): void {
  const errors = Array.from(found, (value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(...errors)).toBeLessThan(within);
}

const configOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));

describe.each(FAMILIES)('%s', (fixture, architecture) => {
  test('gives the logits of the run', async () => {
    const folder = fresh();
    const run = await writeTinyRun(folder, { fixture });
    const out = join(folder, 'merged');
    const [exported] = await exportModel({ run, merged: out, numThreads: 1 });
    expect(exported).toMatchObject({ kind: 'merged', path: out });
    expect(exported!.error).toBeLessThan(1e-4);
    const { ours, merged } = await logitsOf(run, out);
    expectClose(merged, ours, 1e-5);
    expect(configOf(out)).toMatchObject({
      architectures: [architecture],
      id2label: { 0: 'safe', 1: 'vulnerable' },
      label2id: { safe: 0, vulnerable: 1 },
      num_labels: 2,
      dtype: 'float32',
    });
  });
});

// Products of int8-exact round activations to 16 bits.
test.each([
  ['nf4', 1e-5],
  ['int8-exact', 1e-3],
] as const)('beside weights in %s: their numbers, with the adapter in them', async (weightFormat, within) => {
  const { run, out } = await exported({ settings: { weightFormat } });
  const { ours, merged } = await logitsOf(run, out);
  expectClose(merged, ours, within);
  const whole = await exported({});
  const other = await logitsOf(whole.run, whole.out);
  expect(Math.max(...other.merged.map((value, i) => Math.abs(value - merged[i]!)))).toBeGreaterThan(1e-4);
});

async function exported(options: TinyRunOptions, more: Partial<Parameters<typeof exportModel>[0]> = {}) {
  const folder = fresh();
  const run = await writeTinyRun(folder, options);
  const out = join(folder, 'merged');
  await exportModel({ run, merged: out, numThreads: 1, ...more });
  return { folder, run, out };
}

test('config.json says how many layers were kept, by the name that the family has for them', () => {
  const configFor = (config: object, layers: number) => {
    const spec = { layers: Array(layers), heads: {} } as unknown as Model;
    const model = { checkpoint: { config }, spec } as unknown as ExportSource['model'];
    const use = { labels: ['safe', 'vulnerable'] } as unknown as ExportSource['use'];
    return transformersConfig(
      { model, pooling: 'last', use },
      { dtype: 'float32', reading: { kind: 'class', architecture: 'X' }, padTokenId: 7 },
    );
  };
  const config = configFor({ n_layer: 12, auto_map: {}, quantization_config: {} }, 3);
  expect(config).toMatchObject({ n_layer: 3, pad_token_id: 7 });
  expect(Object.keys(config)).not.toContain('auto_map');
  expect(Object.keys(config)).not.toContain('quantization_config');
  const types = ['sliding_attention', 'full_attention', 'full_attention'];
  expect(configFor({ num_hidden_layers: 3, layer_types: types }, 2)).toMatchObject({
    num_hidden_layers: 2,
    layer_types: types.slice(0, 2),
  });
});

test('a decoder under the mean has its classifier apart, and a README that reads it', async () => {
  const { out } = await exported({ settings: { pooling: 'mean' } });
  expect(configOf(out).architectures).toEqual(['LlamaModel']);
  const readme = readFileSync(join(out, 'README.md'), 'utf8');
  expect(readme).toContain('hidden.mean(dim=0)');
  expect(readme).toContain('AutoModelForSequenceClassification would give other logits');
  expect([...(await readAllSafetensors(join(out, 'classifier.safetensors'))).keys()]).toEqual([
    'score.weight',
  ]);
});

test('in shards with an index', async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder);
  const out = join(folder, 'merged');
  const source = await openExportSource(run, { numThreads: 1 }, workflowContext());
  await exportMerged(source, out, { dtype: 'float32', force: false, shardBytes: 40_000 }, workflowContext());
  await source.close();
  const shards = readdirSync(out).filter((name) => /^model-0000\d-of-0000\d\.safetensors$/.test(name));
  expect(shards.length).toBeGreaterThan(1);
  const index = JSON.parse(readFileSync(join(out, 'model.safetensors.index.json'), 'utf8'));
  expect(new Set(Object.values(index.weight_map))).toEqual(new Set(shards));
  const { ours, merged } = await logitsOf(run, out);
  expectClose(merged, ours, 1e-5);
});

test("whose logits are not the run's is not kept", async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder);
  const source = await openExportSource(run, { numThreads: 1 }, workflowContext());
  // As a wrong merge would: the classes have changed places.
  const head = source.tensors.head.map((tensor) => ({
    ...tensor,
    make: async () => {
      const made = await tensor.make();
      return { ...made, data: made.data.slice().reverse() };
    },
  }));
  const out = join(folder, 'merged');
  const wrong = { ...source, tensors: { ...source.tensors, head } };
  const options = { dtype: 'float32', force: false, threads: 1 } as const;
  await expect(exportMerged(wrong, out, options, workflowContext())).rejects.toMatchObject({
    code: 'EXPORT_CHECK_FAILED',
  });
  await source.close();
  expect(existsSync(out)).toBe(false);
});

test('in half the bytes', async () => {
  const { run, out } = await exported({}, { dtype: 'bfloat16' });
  const { tensors } = await openCheckpoint(out);
  expect(new Set([...tensors.values()].map(({ storedDtype }) => storedDtype))).toEqual(new Set(['BF16']));
  const { ours, merged } = await logitsOf(run, out);
  expectClose(merged, ours, 0.05);
  expect(configOf(out).dtype).toBe('bfloat16');
});

describe('an output folder', () => {
  test('that has something in it is refused, and replaced with force', async () => {
    const { run, out } = await exported({});
    writeFileSync(join(out, 'model-00001-of-00002.safetensors'), 'of an older export');
    writeFileSync(join(out, 'mine.txt'), 'kept');
    await expect(exportModel({ run, merged: out })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await exportModel({ run, merged: out, force: true });
    expect(readdirSync(out)).toContain('mine.txt');
    expect(readdirSync(out)).not.toContain('model-00001-of-00002.safetensors');
  });

  test('that is empty is taken', async () => {
    const folder = fresh();
    const run = await writeTinyRun(folder);
    mkdirSync(join(folder, 'merged'));
    await exportModel({ run, merged: join(folder, 'merged') });
    expect(readdirSync(join(folder, 'merged'))).toContain('config.json');
  });

  test('is not the run itself', async () => {
    const run = await writeTinyRun(fresh());
    await expect(exportModel({ run, merged: join(run, 'adapter'), force: true })).rejects.toMatchObject({
      code: 'EXPORT_OUTPUT',
    });
  });

  test('is not there after a stop', async () => {
    const folder = fresh();
    const run = await writeTinyRun(folder);
    const stop = new AbortController();
    const report = {
      ...workflowContext().report,
      task: () => ({ update: () => stop.abort(), log: () => {}, stop: () => {} }),
    };
    await expect(
      exportModel({ run, merged: join(folder, 'merged') }, { signal: stop.signal, report }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(folder).toSorted()).toEqual(['base', 'run']);
  });
});

test('nothing asked for, and what GGUF does not hold, are refused', async () => {
  const folder = fresh();
  const run = await writeTinyRun(folder);
  await expect(exportModel({ run })).rejects.toMatchObject({ code: 'EXPORT_NOTHING' });
  const out = join(folder, 'merged');
  await expect(exportModel({ run, gguf: join(folder, 'x.gguf'), merged: out })).rejects.toMatchObject({
    code: 'EXPORT_UNSUPPORTED',
    hint: expect.stringContaining('--onnx'),
  });
  expect(existsSync(out)).toBe(false);
});
