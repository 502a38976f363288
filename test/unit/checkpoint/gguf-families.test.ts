/** @file Every architecture of GGUF: what llama.cpp's converter does to a model is undone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GGUF_ARCHITECTURES } from '../../../src/checkpoint/gguf/architectures/registry.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';
import { FAMILIES, type Family, f32, ggufOf, u32 } from '../../support/gguf-families.ts';
import { D, d, G, H, type Row, some, type Tensor, withBias } from '../../support/gguf-family-rows.ts';
import { type GgufValue, writeGguf } from '../../support/gguf-writer.ts';
import { rowsOf } from '../../support/rows-of.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-gguf-families-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let files = 0;
const written = (family: Family) => writeGguf(join(root, `${files++}.gguf`), ggufOf(family));

describe.each(Object.entries(FAMILIES))('%s', (_, family) => {
  test('every tensor has the name, shape, layout and numbers of Hugging Face', async () => {
    const checkpoint = await openCheckpoint(written(family));
    expect([...checkpoint.tensors.keys()].toSorted()).toEqual(family.rows.map(([name]) => name).toSorted());
    for (const [name, , tensor] of family.rows) {
      expect(checkpoint.tensors.get(name)!.shape, name).toEqual(tensor.shape);
      expect(await checkpoint.read(name), name).toEqual(tensor);
      if (tensor.shape.length !== 2) continue;
      const rows = [tensor.shape[0]! - 1, 0, 1, 0];
      expect(await checkpoint.readRows(name, rows), name).toEqual(rowsOf(tensor, rows));
    }
  });

  test('config.json has the keys of Transformers', async () => {
    expect((await openCheckpoint(written(family))).config).toEqual(family.config);
  });
});

test('every row of the registry has a family here', () => {
  const tested = new Set(Object.values(FAMILIES).map(({ architecture }) => architecture));
  expect(GGUF_ARCHITECTURES.filter((name) => !tested.has(name))).toEqual([]);
});

const changed = (name: string, change: Partial<Family>) => written({ ...FAMILIES[name]!, ...change });
const withMetadata = (name: string, metadata: Record<string, GgufValue>) =>
  changed(name, { metadata: { ...FAMILIES[name]!.metadata, ...metadata } });
const fails = (path: string, code: string, name: string) =>
  expect(openCheckpoint(path)).rejects.toMatchObject({ code, where: { file: path, name } });

describe('ChatGLM', () => {
  /** A ChatGLM's own checkpoint: queries, keys and values in one matrix. */
  const apart = (suffix: string) =>
    FAMILIES.chatglm!.rows.filter(([, name]) => new RegExp(`attn_[qkv]\\.${suffix}$`).test(name));
  const others = FAMILIES.chatglm!.rows.filter(([, name]) => !/attn_[qkv]\./.test(name));
  const fused = (suffix: string, ...row: number[]) =>
    float32(
      [(H + 2 * G) * d, ...row],
      apart(suffix).flatMap(([, , tensor]) => [...tensor.data]),
    );
  const qkv = (name: string, tensor: Tensor): Row => ['', `blk.0.attn_qkv.${name}`, tensor];
  const fusedRows = [...others, qkv('weight', fused('weight', D)), qkv('bias', fused('bias'))];

  test('a fused projection is taken apart, and is the same model by its numbers', async () => {
    const checkpoint = await openCheckpoint(changed('chatglm', { rows: fusedRows }));
    expect(checkpoint.config).toEqual(FAMILIES.chatglm!.config);
    for (const [name, , tensor] of FAMILIES.chatglm!.rows) {
      expect(await checkpoint.read(name), name).toEqual(tensor);
      if (tensor.shape.length === 2)
        expect(await checkpoint.readRows(name, [1])).toEqual(rowsOf(tensor, [1]));
    }
    // The parts have bytes of their own: a change of one changes the fingerprint.
    const other = fused('weight', D);
    other.data[other.data.length - 1]! += 1;
    const path = changed('chatglm', { rows: [...others, qkv('weight', other), qkv('bias', fused('bias'))] });
    expect((await openCheckpoint(path)).fingerprint).not.toBe(checkpoint.fingerprint);
  });

  test('a fused projection of another size is refused', async () => {
    const rows = [...others, qkv('weight', some(H * d + G * d, D))];
    await fails(changed('chatglm', { rows }), 'GGUF_TENSOR_SHAPE', 'blk.0.attn_qkv.weight');
  });

  test('projections both fused and apart are refused', async () => {
    const rows = [...FAMILIES.chatglm!.rows, qkv('weight', fused('weight', D))];
    await fails(changed('chatglm', { rows }), 'GGUF_TENSOR_UNKNOWN', 'blk.0.attn_qkv.weight');
  });

  const epsilon = (value: number) => ({ 'attention.layer_norm_rms_epsilon': f32(value) });

  test("the converter's own epsilon is replaced by the model's, and the user told", async () => {
    const { config, notes } = await openCheckpoint(withMetadata('chatglm', epsilon(1e-5)));
    expect(config.rms_norm_eps).toBe(1.5625e-7);
    expect(notes).toEqual([expect.stringMatching(/0\.00001.*1\.5625e-7/)]);
  });

  test.each([
    ["ChatGLM3's, which says it", { rows: fusedRows }],
    [
      'GLM-Edge, which has no biases',
      { rows: FAMILIES.chatglm!.rows.filter(([name]) => !name.endsWith('.bias')) },
    ],
  ])('the same epsilon stays: %s', async (_, change) => {
    const metadata = { ...FAMILIES.chatglm!.metadata, ...epsilon(1e-5) };
    const { config, notes } = await openCheckpoint(changed('chatglm', { ...change, metadata }));
    expect([config.rms_norm_eps, notes]).toEqual([1e-5, []]);
  });

  test('a context length that is the hidden size is noted', async () => {
    const { notes } = await openCheckpoint(withMetadata('chatglm', { context_length: u32(D) }));
    expect(notes).toEqual([expect.stringContaining('context length of 8 tokens')]);
  });

  test('more than a whole head cannot be turned', async () => {
    await fails(
      withMetadata('chatglm', { 'rope.dimension_count': u32(d + 2) }),
      'GGUF_ROPE',
      'chatglm.rope.dimension_count',
    );
  });
});

test('StarCoder2 says that the window is not in the file', async () => {
  expect((await openCheckpoint(written(FAMILIES.starcoder2!))).notes).toEqual([]);
  const { notes } = await openCheckpoint(withMetadata('starcoder2', { context_length: u32(16384) }));
  expect(notes).toEqual([expect.stringContaining('4096 tokens back')]);
});

test('a StarCoder whose projection has neither size', async () => {
  const rows = FAMILIES['starcoder, one head of keys']!.rows.map(
    (row): Row => (row[1] === 'blk.0.attn_qkv.weight' ? [row[0], row[1], some(D + d, D)] : row),
  );
  await fails(changed('starcoder, one head of keys', { rows }), 'GGUF_TENSOR_SHAPE', 'blk.0.attn_qkv.weight');
});

describe('BERT', () => {
  test('another vocabulary than WordPiece or bytes', async () => {
    await fails(
      withMetadata('bert', { 'tokenizer.ggml.model': 't5' }),
      'GGUF_ARCHITECTURE',
      'tokenizer.ggml.model',
    );
  });

  test('a padding token that would ask for millions of rows', async () => {
    const path = withMetadata('roberta', { 'tokenizer.ggml.padding_token_id': u32(2 ** 31) });
    await fails(path, 'GGUF_METADATA', 'tokenizer.ggml.padding_token_id');
  });

  test("a reranker's own head", async () => {
    const head: Row[] = [
      ...withBias('classifier.dense', 'cls', D, some(D, D)),
      ...withBias('classifier.out_proj', 'cls.output', 2, some(2, D)),
    ];
    const checkpoint = await openCheckpoint(
      changed('roberta', { rows: [...FAMILIES.roberta!.rows, ...head] }),
    );
    for (const [name, , tensor] of head) expect(await checkpoint.read(name)).toEqual(tensor);
  });
});

test("ModernBERT's pattern as a list, one of each layer", async () => {
  const path = withMetadata('modern-bert', {
    'attention.sliding_window_pattern': [true, false, true, true],
    'rope.freq_base_swa': f32(500),
  });
  const { config } = await openCheckpoint(path);
  expect(config.layer_types).toEqual([
    'sliding_attention',
    'full_attention',
    'sliding_attention',
    'sliding_attention',
  ]);
  expect(config.rope_parameters).toMatchObject({ sliding_attention: { rope_theta: 500 } });
});

test('an olmo2 with a window is an OLMo 3, and refused', async () => {
  const windowed = withMetadata('olmo2', { 'attention.sliding_window': u32(4) });
  await fails(windowed, 'GGUF_ARCHITECTURE', 'olmo2.attention.sliding_window');
});

test('a StableLM whose file names no rotary base has a note, and one with norms of each head is refused', async () => {
  const { notes } = await openCheckpoint(written(FAMILIES.stablelm!));
  expect(notes).toEqual([expect.stringContaining('no base of the rotary frequencies')]);
  const based = await openCheckpoint(withMetadata('stablelm', { 'rope.freq_base': f32(500) }));
  expect([based.notes, based.config.rope_theta]).toEqual([[], 500]);
  const rows: Row[] = [...FAMILIES.stablelm!.rows, ['', 'blk.0.attn_q_norm.weight', some(H, d)]];
  await fails(changed('stablelm', { rows }), 'GGUF_TENSOR_UNKNOWN', 'blk.0.attn_q_norm.weight');
});

test.each(['llama', 'qwen2', 'starcoder2'])('%s: a window of 0 is none', async (name) => {
  const { config } = await openCheckpoint(withMetadata(name, { 'attention.sliding_window': u32(0) }));
  expect(config).toEqual(FAMILIES[name]!.config);
});

test('a ModernBERT without a window has no layer of that kind', async () => {
  const path = withMetadata('modern-bert', { 'attention.sliding_window': u32(0) });
  expect((await openCheckpoint(path)).config.layer_types).toEqual(new Array(4).fill('full_attention'));
});

test('an architecture that llama.cpp does not have is refused by name', async () => {
  const path = changed('gpt2', { architecture: 'codegen' });
  await expect(openCheckpoint(path)).rejects.toMatchObject({
    code: 'GGUF_ARCHITECTURE',
    message: expect.stringContaining("architecture 'codegen'"),
  });
});

test('a name that every object has is not a tensor', async () => {
  const rows: Row[] = [...FAMILIES.llama!.rows, ['', 'blk.0.constructor.weight', some(D)]];
  await fails(changed('llama', { rows }), 'GGUF_TENSOR_UNKNOWN', 'blk.0.constructor.weight');
});
