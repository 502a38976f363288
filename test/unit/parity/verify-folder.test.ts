import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readAllSafetensors, writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { FAMILY_NAMES } from '../../../src/model/families/registry.ts';
import type { Comparison } from '../../../src/parity/compare.ts';
import { verifyFolder } from '../../../src/parity/verify-folder.ts';
import { type HostTensor, hostTensor, int64 } from '../../../src/tensor/host-tensor.ts';
import {
  FIXTURE_NAMES,
  fixtureFolder,
  fixturesOf,
  PACKED_FIXTURES,
  tinyBackend,
} from '../../support/tiny-model.ts';

const QUANTITIES = [
  'hidden',
  'lm_logits',
  'next_token_loss_sum',
  'joined_hidden',
  'cls_logits',
  'loss_ce_sum',
  'grad_ce_sum',
  'loss_focal2_weighted_sum',
  'grad_focal2_weighted_sum',
  'train/losses',
  'train/final',
];

const verify = async (dir: string, blocksPerStage: number, tolerance?: number) =>
  await verifyFolder(dir, { backend: await tinyBackend(), blocksPerStage, tolerance });

const failed = (rows: readonly Comparison[]) => rows.filter((row) => !row.ok).map((row) => row.quantity);

// Most models have two blocks: two a graph is one graph. Deeper cuts are compared in test/unit/network. How blocks are joined does not
// depend on what is in them, so one graph is compared for one folder of each family and each other kind of block.
const cutsOf = (name: string): readonly [string, number][] => [
  ['a block a graph', 1],
  ...(PACKED_FIXTURES.includes(name) ? [['one graph', Number.POSITIVE_INFINITY] as [string, number]] : []),
];

/** Their last function is longer than the positions up to which frequencies do not depend on the length. */
const BEYOND_LIMIT = ['llama-dynamic-rope', 'llama-longrope'];

test.each(FAMILY_NAMES)('%s has reference outputs', (family) => {
  expect(fixturesOf(family).length).toBeGreaterThan(0);
});

describe.each(FIXTURE_NAMES.filter((name) => !BEYOND_LIMIT.includes(name)))(
  '%s agrees with PyTorch',
  (name) => {
    test.each(cutsOf(name))('%s', async (_cut, blocksPerStage) => {
      const rows = await verify(fixtureFolder(name), blocksPerStage);
      const held = Object.keys(await heldQuantities(name));
      expect(rows.map((row) => row.quantity)).toEqual(QUANTITIES.filter((one) => held.includes(one)));
      expect(rows.length).toBeGreaterThan(5);
      // A file of an encoder alone has no head to the vocabulary.
      const isBareEncoder = /^(bert|roberta)-bare$/.test(name);
      expect(held.includes('lm_logits')).toBe(!isBareEncoder);
      expect(failed(rows)).toEqual([]);
    });
  },
);

/** The quantities that a folder has tensors of. */
async function heldQuantities(name: string): Promise<Record<string, true>> {
  const tensors = await readAllSafetensors(join(fixtureFolder(name), 'io.safetensors'));
  return Object.fromEntries([...tensors.keys()].map((key) => [quantityOf(key), true]));
}

const quantityOf = (key: string) =>
  key.startsWith('train/') ? /^train\/\w+/.exec(key)![0] : key.split('/')[0]!;

describe.each(BEYOND_LIMIT)('%s: functions up to the limit agree with PyTorch', (name) => {
  const FUNCTIONS = 3;

  test('the longer one is refused, the others agree', async () => {
    await expect(verify(fixtureFolder(name), 1)).rejects.toMatchObject({ code: 'SEQUENCE_TOO_LONG' });
    const dir = mkdtempSync(join(tmpdir(), 'vultune-parity-'));
    try {
      cpSync(fixtureFolder(name), dir, { recursive: true });
      const file = join(dir, 'io.safetensors');
      const stored = await readAllSafetensors(file);
      const lengths = Array.from(stored.get('lengths')!.data, Number).slice(0, FUNCTIONS);
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      const first = (key: string, rows: number) => {
        const { dtype, shape, data } = stored.get(key)!;
        const width = data.length / shape[0]!;
        return hostTensor(dtype, [rows, ...shape.slice(1)], data.slice(0, rows * width) as never);
      };
      const ofTokens = ['input_ids', 'hidden', 'lm_logits'].map((key) => [key, first(key, tokens)] as const);
      const ofFunctions = ['lengths', 'labels', 'weights', 'cls_logits'].map(
        (key) => [key, first(key, FUNCTIONS)] as const,
      );
      await writeSafetensors(file, new Map([...ofTokens, ...ofFunctions]));
      const rows = await verify(dir, 1);
      expect(rows.map((row) => row.quantity)).toEqual(['hidden', 'lm_logits', 'cls_logits']);
      expect(failed(rows)).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('what is wrong is seen', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** A copy of a fixture with some tensors of one of its files changed; undefined takes a tensor out. */
  async function spoiled(
    file: string,
    change: (tensors: Map<string, HostTensor>) => Record<string, HostTensor | undefined>,
    fixture = 'llama',
  ): Promise<string> {
    const dir = mkdtempSync(join(tmpdir(), 'vultune-parity-'));
    folders.push(dir);
    cpSync(fixtureFolder(fixture), dir, { recursive: true });
    const tensors = await readAllSafetensors(join(dir, file));
    for (const [name, tensor] of Object.entries(change(tensors))) {
      if (tensor === undefined) tensors.delete(name);
      else tensors.set(name, tensor);
    }
    await writeSafetensors(join(dir, file), tensors);
    return dir;
  }

  const nudged = (tensor: HostTensor, element: number, by: number) => {
    const data = Float32Array.from(tensor.data as Float32Array);
    data[element]! += by;
    return hostTensor('float32', tensor.shape, data);
  };

  test('one spoiled weight of the base fails everything behind it', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    const dir = await spoiled('base/model.safetensors', (t) => ({ [name]: nudged(t.get(name)!, 17, 2) }));
    expect(failed(await verify(dir, 1))).toEqual(QUANTITIES);
  });

  test('one spoiled weight of the adapter leaves the base as it is', async () => {
    const name = 'base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight';
    const dir = await spoiled('adapter/adapter_model.safetensors', (t) => ({
      [name]: nudged(t.get(name)!, 3, 0.5),
    }));
    expect(failed(await verify(dir, 2))).toEqual(QUANTITIES.slice(4));
  });

  test.each([
    ['hidden', 'hidden', 1e-3],
    ['joined_hidden', 'joined_hidden', 1e-3],
    ['cls_logits', 'cls_logits', 1e-3],
    ['train/losses', 'train/losses', 1e-3],
    ['grad_ce_sum', 'grad_ce_sum/base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', 1],
    ['train/final', 'train/final/base_model.model.score.weight', 0.1],
  ])('one wrong entry of %s in the reference fails it alone', async (quantity, name, by) => {
    const dir = await spoiled('io.safetensors', (t) => ({ [name]: nudged(t.get(name)!, 1, by) }));
    expect(failed(await verify(dir, 1))).toEqual([quantity]);
  });

  test('a tolerance of its own replaces every bound', async () => {
    expect(failed(await verify(fixtureFolder('llama'), 1, 0))).toEqual(QUANTITIES);
    const dir = await spoiled('io.safetensors', (t) => ({
      cls_logits: nudged(t.get('cls_logits')!, 0, 0.01),
    }));
    expect(failed(await verify(dir, 1, 0.1))).toEqual([]);
  });

  test('what the reference does not hold is not compared', async () => {
    const dir = await spoiled('io.safetensors', (t) =>
      Object.fromEntries(
        [...t.keys()].filter((name) => /^(train|grad|joined)/.test(name)).map((name) => [name, undefined]),
      ),
    );
    const rows = await verify(dir, 1);
    expect(rows.map((row) => row.quantity)).toEqual([
      'hidden',
      'lm_logits',
      'next_token_loss_sum',
      'cls_logits',
      'loss_ce_sum',
      'loss_focal2_weighted_sum',
    ]);
    expect(failed(rows)).toEqual([]);
  });

  test.each(['base', 'adapter', 'io.safetensors'])('%s missing', async (part) => {
    const dir = await spoiled('io.safetensors', () => ({}));
    rmSync(join(dir, part), { recursive: true });
    await expect(verify(dir, 1)).rejects.toMatchObject({ code: 'PARITY_FOLDER', where: { file: dir } });
  });

  test.each<[string, Record<string, HostTensor | undefined>, string]>([
    ['no labels', { labels: undefined }, 'labels'],
    ['no ids', { input_ids: undefined }, 'input_ids'],
    ['lengths of fewer tokens', { lengths: int64([5], [7, 1, 23, 12, 39]) }, 'lengths'],
    ['a function of no tokens', { lengths: int64([5], [7, 1, 35, 0, 40]) }, 'lengths'],
    ['fewer labels than functions', { labels: int64([4], [1, 0, 1, 0]) }, 'labels'],
    ['a label that is neither 0 nor 1', { labels: int64([5], [1, 0, 2, 0, 1]) }, 'labels'],
    ['fewer weights than functions', { weights: hostTensor('float32', [1], Float32Array.of(1)) }, 'weights'],
  ])('%s', async (_what, change, name) => {
    const dir = await spoiled('io.safetensors', () => change);
    await expect(verify(dir, 1)).rejects.toMatchObject({ code: 'PARITY_FOLDER', where: { name } });
  });

  test('an encoder is not asked for the next token', async () => {
    const sum = { next_token_loss_sum: hostTensor('float32', [1], Float32Array.of(3)) };
    const dir = await spoiled('io.safetensors', () => sum, 'bert');
    await expect(verify(dir, 1)).rejects.toMatchObject({ code: 'NEXT_TOKEN_UNSUPPORTED' });
  });

  test('token ids that the model does not have', async () => {
    const dir = await spoiled('io.safetensors', (t) => {
      const ids = Array.from(t.get('input_ids')!.data, Number);
      return { input_ids: int64([ids.length], ids.with(5, 128)) };
    });
    await expect(verify(dir, 1)).rejects.toMatchObject({
      code: 'PARITY_FOLDER',
      where: { name: 'input_ids' },
    });
  });
});
