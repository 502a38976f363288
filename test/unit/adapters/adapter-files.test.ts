import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AdaptedMatrix } from '../../../src/adapters/adapted-matrix.ts';
import { adaptedModules } from '../../../src/adapters/adapter-parameters.ts';
import {
  type AdapterToWrite,
  isAdapterFolder,
  loadAdapter,
  readAdapterHeader,
  writeAdapter,
} from '../../../src/adapters/files/adapter-files.ts';
import type { DetectorSettings } from '../../../src/adapters/files/detector-settings.ts';
import { type LayerSelection, type LoraOptions, planLora } from '../../../src/adapters/lora-plan.ts';
import { readAllSafetensors, writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { resolvePooling } from '../../../src/heads/classifier.ts';
import { layerMatrices } from '../../../src/model/matrices.ts';
import { classifierJudgement } from '../../../src/tasks/classify.ts';
import { type HostTensor, int64, zeros } from '../../../src/tensor/host-tensor.ts';
import {
  FIXTURE_NAMES,
  fixtureFolder,
  loraDefaults,
  makeModel,
  openFixture,
  randomParameters,
  tinyConfig,
} from '../../support/tiny-model.ts';
import { asPytorchFile } from '../../support/torch-writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-adapter-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings: DetectorSettings = {
  formatVersion: 1,
  threshold: 0.371,
  maxLength: 512,
  longFunctions: 'head_tail',
  pooling: 'mean',
  baseFingerprint: 'abc',
  data: { train_file: 'def' },
};

const { model } = makeModel(tinyConfig());
const judgement = classifierJudgement(model, 'last');
const load = (from: string) => loadAdapter(readAdapterHeader(from), model, judgement.head);

function adapter(lora: Partial<LoraOptions> = {}, layers?: readonly number[]): AdapterToWrite {
  const options = { ...loraDefaults, ...lora };
  return {
    model,
    config: { lora: options, baseModel: '../base', revision: undefined },
    layers,
    parameters: randomParameters(planLora(model, options), judgement),
    settings,
  };
}

/** What is adapted and how, as far as a graph depends on it. */
const structures = (adapted: readonly AdaptedMatrix[]) =>
  adapted.map(({ name, structure }) => [name, structure]);

const contents = (dir: string) =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'hex')]));

test.each(FIXTURE_NAMES)("PEFT's adapter for %s, its head included", async (name) => {
  const fixture = (await openFixture(name)).model;
  const header = readAdapterHeader(join(fixtureFolder(name), 'adapter'));
  const { head } = classifierJudgement(fixture, resolvePooling(fixture, undefined));
  const { adapted, parameters } = await loadAdapter(header, fixture, head);
  expect(header.settings).toBeUndefined();
  expect(adapted).toHaveLength(layerMatrices(fixture).length + (head.matrices ?? []).length);
  const stored = await readAllSafetensors(join(fixtureFolder(name), 'adapter/adapter_model.safetensors'));
  expect(parameters).toEqual(stored);
});

describe('written and read', () => {
  test.each<[string, Partial<LoraOptions>, number[] | undefined]>([
    ['all', {}, undefined],
    ['names', { targetModules: ['v_proj', 'q_proj'] }, undefined],
    ['the last two layers', { layers: { last: 2 } }, [2, 3]],
    ['names on some layers', { targetModules: ['up_proj'], layers: [1, 3] }, [1, 3]],
    ['ranks of their own', { rankPattern: { q_proj: 1, 'layers.0.mlp.up_proj': 3 } }, undefined],
  ])('%s: the same modules, parameters and settings', async (_what, lora, layers) => {
    const written = adapter(lora, layers);
    await writeAdapter(folder, written);
    const header = readAdapterHeader(folder);
    const loaded = await loadAdapter(header, model, judgement.head);
    expect(structures(loaded.adapted)).toEqual(structures(planLora(model, written.config.lora)));
    expect(loaded.parameters).toEqual(written.parameters);
    expect(header.settings).toEqual(settings);
    expect(header.config.baseModel).toBe('../base');
  });

  test.each<[string, LayerSelection, number[] | undefined]>([
    ['all layers', 'all', undefined],
    ['two layers', { last: 2 }, [2, 3]],
  ])('what was read and is written again is byte for byte the same: %s', async (_what, layers, indices) => {
    await writeAdapter(join(folder, 'first'), adapter({ layers }, indices));
    const header = readAdapterHeader(join(folder, 'first'));
    const { parameters } = await load(join(folder, 'first'));
    const again = { model, config: header.config, layers: undefined, parameters, settings: header.settings! };
    await writeAdapter(join(folder, 'second'), again);
    expect(contents(join(folder, 'second'))).toEqual(contents(join(folder, 'first')));
  });

  test('over one that is there', async () => {
    await writeAdapter(folder, adapter());
    const other = adapter({ targetModules: ['q_proj'] });
    await writeAdapter(folder, other);
    expect((await load(folder)).parameters).toEqual(other.parameters);
    expect(readdirSync(folder).toSorted()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'vultune.json',
    ]);
  });

  test('names of tensors are those that PEFT gives', async () => {
    const adapted = planLora(model, { ...loraDefaults, targetModules: ['q_proj'], layers: [0] });
    expect([...randomParameters(adapted, judgement).keys()]).toEqual([
      'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight',
      'base_model.model.score.weight',
    ]);
    expect(adaptedModules(randomParameters(adapted, judgement))).toEqual(adapted.map(({ name }) => name));
  });
});

describe('an adapter of another base model', () => {
  async function spoiled(change: Record<string, HostTensor | undefined>): Promise<string> {
    await writeAdapter(folder, adapter());
    const file = join(folder, 'adapter_model.safetensors');
    const tensors = new Map([...(await readAllSafetensors(file)), ...Object.entries(change)]);
    const there = [...tensors].flatMap(([k, t]): [string, HostTensor][] => (t === undefined ? [] : [[k, t]]));
    await writeSafetensors(file, new Map(there));
    return file;
  }

  const A = 'base_model.model.model.layers.3.mlp.down_proj.lora_A.weight';
  const HEAD = 'base_model.model.score.weight';

  test.each<[string, Record<string, HostTensor | undefined>, string, string]>([
    ['a matrix missing', { [A]: undefined }, A, 'it is missing'],
    ['no head', { [HEAD]: undefined }, HEAD, 'it is missing'],
    ['a tensor too many', { 'lm_head.weight': zeros('float32', [1]) }, 'lm_head.weight', 'no place'],
    ['another size', { [A]: zeros('float32', [2, 25]) }, A, 'it has shape [2, 25]'],
    ['another rank', { [A]: zeros('float32', [3, 24]) }, A, 'it has shape [3, 24]'],
    ['three classes', { [HEAD]: zeros('float32', [3, 16]) }, HEAD, 'it has shape [3, 16]'],
    ['transposed', { [HEAD]: zeros('float32', [16, 2]) }, HEAD, 'it has shape [16, 2]'],
    ['whole numbers', { [HEAD]: int64([2, 16], Array(32).fill(0)) }, HEAD, 'int64'],
  ])('%s', async (_what, change, name, says) => {
    const file = await spoiled(change);
    const loading = load(folder);
    await expect(loading).rejects.toMatchObject({ code: 'ADAPTER_MISMATCH', where: { file, name } });
    await expect(loading).rejects.toThrow(says);
  });

  test.each<[string, Record<string, HostTensor | undefined>, RegExp]>([
    ['three classes', { [HEAD]: zeros('float32', [3, 16]) }, /tells 3 classes apart, expected 2/],
    ['no head', { [HEAD]: undefined }, /no head of this model.*task_type/],
    ['a matrix missing', { [A]: undefined }, /base_model_name_or_path/],
  ])('the hint says what it is: %s', async (_what, change, hint) => {
    await spoiled(change);
    await expect(load(folder)).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
  });

  test('an adapter of another family names its own file', async () => {
    await writeAdapter(folder, adapter({ targetModules: ['q_proj'] }));
    const { model: other } = await openFixture('bert');
    const { head } = classifierJudgement(other, 'first');
    await expect(loadAdapter(readAdapterHeader(folder), other, head)).rejects.toMatchObject({
      code: 'LORA_TARGET_UNKNOWN',
      where: { file: join(folder, 'adapter_config.json'), name: 'target_modules' },
      hint: expect.stringMatching(
        /base_model_name_or_path.*query.*attention\.output\.dense.*pooler\.dense; or all-linear/,
      ),
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    '%s in a matrix is noticed when it is read',
    async (value) => {
      const broken = zeros('float32', [2, 24]);
      broken.data[7] = value;
      const file = await spoiled({ [A]: broken });
      await expect(load(folder)).rejects.toMatchObject({
        code: 'ADAPTER_NOT_FINITE',
        message: `number 8 of 48 in "${A}" is ${value}, expected finite numbers`,
        where: { file, name: A },
      });
    },
  );

  test('a matrix larger than memory is refused by its shape', async () => {
    await writeAdapter(folder, adapter());
    const file = join(folder, 'adapter_model.safetensors');
    const sizeBytes = 2 ** 40;
    const header = JSON.stringify({
      [HEAD]: { dtype: 'F32', shape: [2, sizeBytes / 8], data_offsets: [0, sizeBytes] },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(file, Buffer.concat([length, Buffer.from(header)]));
    truncateSync(file, 8 + header.length + sizeBytes); // holes, no bytes
    await expect(load(folder)).rejects.toMatchObject({
      code: 'ADAPTER_MISMATCH',
    });
  });

  test.each([
    ['fewer layers', tinyConfig({ num_hidden_layers: 3 })],
    ['more layers', tinyConfig({ num_hidden_layers: 5 })],
    ['wider', tinyConfig({ hidden_size: 32 })],
  ])('%s', async (_what, config) => {
    await writeAdapter(folder, adapter());
    const other = makeModel(config).model;
    const { head } = classifierJudgement(other, 'last');
    await expect(loadAdapter(readAdapterHeader(folder), other, head)).rejects.toMatchObject({
      code: 'ADAPTER_MISMATCH',
    });
  });

  test('in half precision it is the same adapter, rounded', async () => {
    cpSync(join(fixtureFolder('llama'), 'adapter'), folder, { recursive: true });
    const llama = (await openFixture('llama')).model;
    const { head } = classifierJudgement(llama, 'last');
    const file = join(folder, 'adapter_model.safetensors');
    const exact = await readAllSafetensors(file);
    writeFileSync(file, inFloat16(exact));
    const { parameters } = await loadAdapter(readAdapterHeader(folder), llama, head);
    for (const [key, { data }] of parameters) {
      const largest = Math.max(
        ...data.map((x, i) => Math.abs(x - (exact.get(key)!.data as Float32Array)[i]!)),
      );
      expect(largest).toBeLessThan(1e-3);
    }
  });
});

describe('folders that are no adapters', () => {
  test('nothing there', () => {
    expect(isAdapterFolder(folder)).toBe(false);
    expect(() => readAdapterHeader(folder)).toThrow(expect.objectContaining({ code: 'ADAPTER_MISSING' }));
  });

  test('no weights, or a pickle that is none', async () => {
    await writeAdapter(folder, adapter());
    rmSync(join(folder, 'adapter_model.safetensors'));
    await expect(load(folder)).rejects.toMatchObject({ code: 'ADAPTER_MISSING' });
    writeFileSync(join(folder, 'adapter_model.bin'), '');
    await expect(load(folder)).rejects.toMatchObject({ code: 'CHECKPOINT_PICKLE_INVALID' });
  });

  test('adapter_model.bin of an older PEFT is read where there are no safetensors', async () => {
    await writeAdapter(folder, adapter());
    const safetensors = join(folder, 'adapter_model.safetensors');
    const expected = (await load(folder)).parameters;
    writeFileSync(join(folder, 'adapter_model.bin'), '');
    expect((await load(folder)).parameters).toEqual(expected);
    writeFileSync(join(folder, 'adapter_model.bin'), await asPytorchFile(safetensors));
    rmSync(safetensors);
    expect((await load(folder)).parameters).toEqual(expected);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[1]'],
    ['null', 'null'],
  ])('adapter_config.json is %s', async (_what, text) => {
    await writeAdapter(folder, adapter());
    writeFileSync(join(folder, 'adapter_config.json'), text);
    expect(() => readAdapterHeader(folder)).toThrow(expect.objectContaining({ code: 'ADAPTER_CONFIG' }));
  });

  test.each<[keyof DetectorSettings, unknown]>([
    ['formatVersion', 2],
    ['threshold', '0.5'],
    ['threshold', null],
    ['threshold', 308],
    ['threshold', -5],
    ['maxLength', 0],
    ['maxLength', 1e15],
    ['calibration', []],
    ['calibration', 'platt'],
    ['longFunctions', 'cut'],
    ['pooling', undefined],
    ['baseFingerprint', 1],
    ['data', null],
    ['data', { train_file: 5 }],
    ['measured', { split: 'train', functions: 9, rocAuc: 0.5, low: 0.4, high: 0.6 }],
    ['measured', { split: 'test', functions: 9, rocAuc: 0.5, low: 0.4 }],
    ['measured', { split: 'test', functions: 9, rocAuc: 5, low: 0.4, high: 0.6 }],
    ['measured', { split: 'test', functions: 9, rocAuc: 0.5, low: 0.6, high: 0.4 }],
  ])('vultune.json with %s: %j', async (name, value) => {
    await writeAdapter(folder, adapter());
    const file = join(folder, 'vultune.json');
    writeFileSync(file, JSON.stringify({ ...settings, [name]: value }));
    expect(() => readAdapterHeader(folder)).toThrow(
      expect.objectContaining({
        code: 'ADAPTER_SETTINGS',
        where: { file, name: expect.stringMatching(new RegExp(`^${name}\\b`)) },
      }),
    );
  });

  test('a folder that cannot be written leaves no adapter', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(writeAdapter(join(file, 'adapter'), adapter())).rejects.toMatchObject({
      code: expect.stringMatching(/^FILE_/),
    });
    expect(existsSync(join(file, 'adapter'))).toBe(false);
  });
});

/** A safetensors file of F16, by hand: our own writer has no halves. */
function inFloat16(tensors: ReadonlyMap<string, HostTensor>): Buffer {
  let at = 0;
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  for (const [name, { shape, data }] of tensors) {
    const bytes = Buffer.alloc(2 * data.length);
    for (let i = 0; i < data.length; i++) bytes.writeUInt16LE(toHalf(Number(data[i])), 2 * i);
    header[name] = { dtype: 'F16', shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

/** Bits of a half, cut off and not rounded; what is below the smallest normal half is 0. */
function toHalf(x: number): number {
  if (Math.abs(x) < 2 ** -14) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  const fraction = Math.floor((Math.abs(x) / 2 ** exponent - 1) * 1024);
  return (x < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}
