import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { llama3Factors } from '../../../src/checkpoint/gguf/llama3-rope.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { float32, type HostTensor, hostTensor, int64 } from '../../../src/tensor/host-tensor.ts';
import { f32Bytes, type GgufTensor, type GgufValue, writeGguf } from '../../support/gguf-writer.ts';
import { rowsOf } from '../../support/rows-of.ts';
import { asPytorchFile, floats, stateDict, torchZip } from '../../support/torch-writer.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-checkpoint-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(root, 'model-'));
const json = (folder: string, name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const embedding = float32([4, 2], range(8));
const norm = float32([2], [1, -1]);

/** A safetensors file of its own. */
async function oneTensor(tensors: Record<string, HostTensor>) {
  const path = join(newFolder(), 'x.safetensors');
  await writeSafetensors(path, tensors);
  return path;
}

/** A folder with a configuration and one weights file. */
async function plainModel(tensors: Record<string, HostTensor> = { 'model.norm.weight': norm, embedding }) {
  const folder = newFolder();
  json(folder, 'config.json', { model_type: 'llama' });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

async function shardedModel() {
  const folder = newFolder();
  json(folder, 'config.json', { model_type: 'llama' });
  await writeSafetensors(join(folder, 'a.safetensors'), { 'model.norm.weight': norm }, { format: 'pt' });
  await writeSafetensors(join(folder, 'b.safetensors'), { embedding });
  json(folder, 'model.safetensors.index.json', {
    weight_map: { 'model.norm.weight': 'a.safetensors', embedding: 'b.safetensors' },
  });
  return folder;
}

describe('a folder as a hub publishes it', () => {
  test('configuration, tensors, no tokenizer', async () => {
    const checkpoint = await openCheckpoint(await plainModel());
    expect(checkpoint.config).toEqual({ model_type: 'llama' });
    expect(checkpoint.tensors.get('embedding')).toMatchObject({ shape: [4, 2], storedDtype: 'F32' });
    expect(await checkpoint.read('embedding')).toEqual(embedding);
    expect(checkpoint.tokenizer).toBeUndefined();
    await expect(checkpoint.read('lm_head.weight')).rejects.toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_TENSOR_MISSING',
        where: expect.objectContaining({ name: 'lm_head.weight' }),
      }),
    );
    await checkpoint.close();
    await expect(checkpoint.read('embedding')).rejects.toThrow(/closed/);
    await expect(checkpoint.readRows('embedding', [0])).rejects.toThrow(/closed/);
  });

  test.each([
    ['one file', plainModel],
    ['shards', shardedModel],
  ])('rows of a matrix in %s', async (_, make) => {
    const checkpoint = await openCheckpoint(await make());
    expect(await checkpoint.readRows('embedding', [3, 1, 1])).toEqual(float32([3, 2], [6, 7, 2, 3, 2, 3]));
    await expect(checkpoint.readRows('embedding', [4])).rejects.toThrow(/internal error: row 4/);
    await expect(checkpoint.readRows('model.norm.weight', [0])).rejects.toThrow(/internal error/);
    await expect(checkpoint.readRows('lm_head.weight', [0])).rejects.toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_TENSOR_MISSING' }),
    );
  });

  test('a single file goes before an index beside it, as in Transformers', async () => {
    const folder = await shardedModel();
    await writeSafetensors(join(folder, 'model.safetensors'), { embedding: float32([1, 2], [8, 9]) });
    const checkpoint = await openCheckpoint(folder);
    expect([...checkpoint.tensors.keys()]).toEqual(['embedding']);
    expect(await checkpoint.read('embedding')).toEqual(float32([1, 2], [8, 9]));
  });

  test("PyTorch's files give the same model, in one or in shards, where there are no safetensors", async () => {
    const folder = await plainModel();
    const safetensors = join(folder, 'model.safetensors');
    const { fingerprint } = await openCheckpoint(folder);
    const pickled = await asPytorchFile(safetensors);
    // Transformers' order of looking: each file stands before the ones below it.
    const other = await asPytorchFile(await oneTensor({ other: norm }));
    writeFileSync(join(folder, 'pytorch_model-1.bin'), await asPytorchFile(await oneTensor({ embedding })));
    writeFileSync(
      join(folder, 'pytorch_model-2.bin'),
      await asPytorchFile(await oneTensor({ 'model.norm.weight': norm, unlisted: norm })),
    );
    const map = { embedding: 'pytorch_model-1.bin', 'model.norm.weight': 'pytorch_model-2.bin' };
    json(folder, 'pytorch_model.bin.index.json', { weight_map: map });
    writeFileSync(join(folder, 'pytorch_model.bin'), other);
    writeFileSync(join(folder, 'model.gguf'), '');
    expect((await openCheckpoint(folder)).fingerprint).toBe(fingerprint);
    rmSync(safetensors);
    expect([...(await openCheckpoint(folder)).tensors.keys()]).toEqual(['other']);
    writeFileSync(join(folder, 'pytorch_model.bin'), pickled);
    const single = await openCheckpoint(folder);
    expect(single.fingerprint).toBe(fingerprint);
    expect(await single.read('embedding')).toEqual(embedding);
    expect(await single.readRows('embedding', [3])).toEqual(float32([1, 2], [6, 7]));
    rmSync(join(folder, 'pytorch_model.bin'));
    expect((await openCheckpoint(folder)).fingerprint).toBe(fingerprint);
    rmSync(join(folder, 'pytorch_model-2.bin'));
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'CHECKPOINT_SHARD_MISSING' });
    rmSync(join(folder, 'pytorch_model.bin.index.json'));
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'GGUF_TRUNCATED' });
  });

  test('the same numbers in another order are another fingerprint', async () => {
    const square = { storage: '0', type: 'FloatStorage', count: 4, shape: [2, 2] };
    const prints = [];
    for (const strides of [
      [2, 1],
      [1, 2],
    ]) {
      const folder = newFolder();
      json(folder, 'config.json', {});
      const pickled = torchZip(stateDict({ w: { ...square, strides } }), { 0: floats(1, 2, 3, 4) });
      writeFileSync(join(folder, 'pytorch_model.bin'), pickled);
      prints.push((await openCheckpoint(folder)).fingerprint);
    }
    expect(prints[0]).not.toBe(prints[1]);
  });

  test('weights that the configuration names are refused, as they would go before all others', async () => {
    const folder = await plainModel();
    json(folder, 'config.json', { model_type: 'llama', transformers_weights: 'other.safetensors' });
    await expect(openCheckpoint(folder)).rejects.toMatchObject({
      code: 'CHECKPOINT_CONFIG_INVALID',
      where: { name: 'transformers_weights' },
    });
  });

  test('rows of float64 become float32', async () => {
    const double = hostTensor('float64', [2, 1], Float64Array.of(Math.PI, Math.E));
    const checkpoint = await openCheckpoint(await plainModel({ double }));
    expect(await checkpoint.readRows('double', [1])).toEqual(float32([1, 1], [Math.E]));
  });

  test('shards give the same model, and the same fingerprint', async () => {
    const sharded = await openCheckpoint(await shardedModel());
    expect(await sharded.read('model.norm.weight')).toEqual(norm);
    expect(await sharded.read('embedding')).toEqual(embedding);
    expect(sharded.fingerprint).toBe((await openCheckpoint(await plainModel())).fingerprint);
  });

  test('another value, shape, name or stored type is another fingerprint', async () => {
    const large = float32([64, 64], range(4096));
    const changed = (at: number) => {
      const data = large.data.slice();
      data[at]! += 1;
      return { ...large, data };
    };
    const models = [
      { large },
      ...[0, 2048, 4095].map((at) => ({ large: changed(at) })),
      { large: { ...large, shape: [32, 128] } },
      { other: large },
      { large: { ...large, dtype: 'int32' as const, data: new Int32Array(large.data.buffer.slice(0)) } },
    ];
    const prints = [];
    for (const tensors of models) prints.push((await openCheckpoint(await plainModel(tensors))).fingerprint);
    expect(new Set(prints).size).toBe(models.length);
  });

  test('integers are no weights', async () => {
    const checkpoint = await openCheckpoint(await plainModel({ ids: int64([1, 1], [1]) }));
    const refused = expect.objectContaining({ code: 'CHECKPOINT_TENSOR_DTYPE' });
    await expect(checkpoint.read('ids')).rejects.toThrow(refused);
    await expect(checkpoint.readRows('ids', [0])).rejects.toThrow(refused);
  });

  test('the tokenizer, with the chat template from a file of its own', async () => {
    const folder = await plainModel();
    json(folder, 'tokenizer.json', { model: { type: 'BPE' } });
    json(folder, 'tokenizer_config.json', { eos_token: '</s>' });
    const without = await openCheckpoint(folder);
    json(folder, 'chat_template.jinja', '{{ messages }}');
    const file = join(folder, 'tokenizer.json');
    const expected = { kind: 'huggingface', json: { model: { type: 'BPE' } }, file };
    expect(without.tokenizer).toEqual({ ...expected, config: { eos_token: '</s>' } });
    expect((await openCheckpoint(folder)).tokenizer).toEqual({
      ...expected,
      config: { eos_token: '</s>', chat_template: '{{ messages }}' },
    });
  });

  const index = 'model.safetensors.index.json';
  const broken: [string, string, (folder: string) => void][] = [
    ['no config.json', 'CHECKPOINT_CONFIG_MISSING', (folder) => rmSync(join(folder, 'config.json'))],
    [
      'config.json not JSON',
      'CHECKPOINT_CONFIG_INVALID',
      (folder) => json(folder, 'config.json', '{\n "a": }'),
    ],
    ['config.json a list', 'CHECKPOINT_CONFIG_INVALID', (folder) => json(folder, 'config.json', [])],
    ['a shard missing', 'CHECKPOINT_SHARD_MISSING', (folder) => rmSync(join(folder, 'b.safetensors'))],
    ['an index without weights', 'CHECKPOINT_INDEX_INVALID', (folder) => json(folder, index, {})],
    [
      'an index that leaves the folder',
      'CHECKPOINT_INDEX_INVALID',
      (folder) => json(folder, index, { weight_map: { w: '../a.safetensors' } }),
    ],
    [
      'an index that places a tensor wrongly',
      'CHECKPOINT_INDEX_INVALID',
      (folder) => json(folder, index, { weight_map: { embedding: 'a.safetensors' } }),
    ],
    [
      'a shard cut short',
      'SAFETENSORS_TRUNCATED',
      (folder) => {
        const file = join(folder, 'b.safetensors');
        writeFileSync(file, readFileSync(file).subarray(0, -1));
      },
    ],
    [
      'no weights',
      'CHECKPOINT_WEIGHTS_MISSING',
      (folder) => [index, 'a.safetensors', 'b.safetensors'].map((name) => rmSync(join(folder, name))),
    ],
    [
      'only weights of another name',
      'CHECKPOINT_WEIGHTS_MISSING',
      (folder) => {
        for (const name of [index, 'a.safetensors', 'b.safetensors']) rmSync(join(folder, name));
        json(folder, 'consolidated.00.pth', 'x');
      },
    ],
    [
      'a .bin that is no pickle',
      'CHECKPOINT_PICKLE_INVALID',
      (folder) => {
        for (const name of [index, 'a.safetensors', 'b.safetensors']) rmSync(join(folder, name));
        json(folder, 'pytorch_model.bin', 'x');
      },
    ],
    [
      'a tokenizer that is not JSON',
      'CHECKPOINT_TOKENIZER_INVALID',
      (folder) => json(folder, 'tokenizer.json', '{'),
    ],
    [
      'config.json a link to itself',
      'FILE_NAME_INVALID',
      (folder) => {
        rmSync(join(folder, 'config.json'));
        symlinkSync('config.json', join(folder, 'config.json'));
      },
    ],
    [
      'tokenizer.json a link to itself',
      'FILE_NAME_INVALID',
      (folder) => {
        rmSync(join(folder, 'tokenizer.json'), { force: true });
        symlinkSync('tokenizer.json', join(folder, 'tokenizer.json'));
      },
    ],
    [
      'a chat template that is a folder',
      'CHECKPOINT_TOKENIZER_INVALID',
      (folder) => {
        json(folder, 'tokenizer.json', '{}');
        json(folder, 'tokenizer_config.json', '{}');
        mkdirSync(join(folder, 'chat_template.jinja'));
      },
    ],
    [
      'an index of nothing',
      'CHECKPOINT_INDEX_INVALID',
      (folder) => json(folder, index, '{ "weight_map": {} }'),
    ],
    ['gone', 'CHECKPOINT_MISSING', (folder) => rmSync(folder, { recursive: true })],
  ];
  test.each(broken)('%s: %s', async (_, code, harm) => {
    const folder = await shardedModel();
    harm(folder);
    await expect(openCheckpoint(folder)).rejects.toThrow(expect.objectContaining({ code }));
  });

  test('weights that are passed over are named', async () => {
    const folder = await plainModel();
    json(folder, 'pytorch_model.bin', 'x');
    const checkpoint = await openCheckpoint(folder);
    await checkpoint.close();
    expect(checkpoint.notes).toEqual(['model.safetensors is read, pytorch_model.bin beside it is not']);
  });

  test('the line of broken JSON', async () => {
    const folder = await plainModel();
    json(folder, 'config.json', '{\n"a": 1,\n"b": }');
    await expect(openCheckpoint(folder)).rejects.toThrow(
      expect.objectContaining({
        where: { file: join(folder, 'config.json'), line: 3 },
        hint: expect.stringContaining('fetch it again'),
      }),
    );
  });

  test('a file that is no GGUF by name', async () => {
    const file = join(await plainModel(), 'model.safetensors');
    await expect(openCheckpoint(file)).rejects.toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_MISSING' }),
    );
  });
});

describe('a GGUF', () => {
  const HEADS = 2;
  const HEAD_DIM = 8;
  const HIDDEN = 16;
  const u32 = (value: number) => ({ u32: value });

  const metadata = (
    architecture: string,
    more: Record<string, GgufValue> = {},
  ): Record<string, GgufValue> => ({
    'general.architecture': architecture,
    [`${architecture}.block_count`]: u32(1),
    [`${architecture}.context_length`]: u32(128),
    [`${architecture}.embedding_length`]: u32(HIDDEN),
    [`${architecture}.feed_forward_length`]: u32(24),
    [`${architecture}.attention.head_count`]: u32(HEADS),
    [`${architecture}.attention.head_count_kv`]: u32(1),
    [`${architecture}.attention.layer_norm_rms_epsilon`]: { f32: 1e-5 },
    [`${architecture}.rope.freq_base`]: { f32: 500000 },
    'tokenizer.ggml.tokens': ['a', 'b', 'c'],
    'tokenizer.ggml.bos_token_id': u32(1),
    ...more,
  });

  const tensor = (...shape: number[]): GgufTensor => ({
    shape,
    data: f32Bytes(range(shape.reduce((a, b) => a * b))),
  });
  const tensors = (): Record<string, GgufTensor> => ({
    'token_embd.weight': tensor(3, HIDDEN),
    'output_norm.weight': tensor(HIDDEN),
    'blk.0.attn_norm.weight': tensor(HIDDEN),
    'blk.0.attn_q.weight': tensor(HEADS * HEAD_DIM, HIDDEN),
    'blk.0.attn_q.bias': tensor(HEADS * HEAD_DIM),
    'blk.0.attn_k.weight': tensor(HEAD_DIM, HIDDEN),
    'blk.0.attn_v.weight': tensor(HEAD_DIM, HIDDEN),
    'blk.0.attn_output.weight': tensor(HIDDEN, HIDDEN),
    'blk.0.ffn_norm.weight': tensor(HIDDEN),
    'blk.0.ffn_gate.weight': tensor(24, HIDDEN),
    'blk.0.ffn_up.weight': tensor(24, HIDDEN),
    'blk.0.ffn_down.weight': tensor(HIDDEN, 24),
  });

  const open = (values: Record<string, GgufValue>, parts: Record<string, GgufTensor> = tensors()) =>
    openCheckpoint(
      writeGguf(join(newFolder(), 'model.gguf'), { metadata: values, tensors: Object.entries(parts) }),
    );

  test('the configuration in Hugging Face words', async () => {
    const { config, tokenizer } = await open(metadata('llama'));
    expect(config).toEqual({
      model_type: 'llama',
      hidden_size: HIDDEN,
      num_hidden_layers: 1,
      num_attention_heads: HEADS,
      num_key_value_heads: 1,
      head_dim: HEAD_DIM,
      intermediate_size: 24,
      hidden_act: 'silu',
      rms_norm_eps: 1e-5,
      rope_theta: 500000,
      rope_parameters: { rope_type: 'default', rope_theta: 500000 },
      max_position_embeddings: 128,
      vocab_size: 3,
      tie_word_embeddings: true,
      attention_bias: true,
      mlp_bias: false,
      sliding_window: null,
      bos_token_id: 1,
      eos_token_id: null,
      pad_token_id: null,
    });
    expect(tokenizer).toMatchObject({ kind: 'gguf', metadata: { 'tokenizer.ggml.tokens': ['a', 'b', 'c'] } });
  });

  test('names and shapes in Hugging Face words', async () => {
    const { tensors: found } = await open(metadata('llama'), {
      ...tensors(),
      'output.weight': tensor(3, HIDDEN),
    });
    const layer = 'model.layers.0';
    expect(new Map([...found].map(([name, info]) => [name, info.shape]))).toEqual(
      new Map([
        ['model.embed_tokens.weight', [3, HIDDEN]],
        ['model.norm.weight', [HIDDEN]],
        [`${layer}.input_layernorm.weight`, [HIDDEN]],
        [`${layer}.self_attn.q_proj.weight`, [HEADS * HEAD_DIM, HIDDEN]],
        [`${layer}.self_attn.q_proj.bias`, [HEADS * HEAD_DIM]],
        [`${layer}.self_attn.k_proj.weight`, [HEAD_DIM, HIDDEN]],
        [`${layer}.self_attn.v_proj.weight`, [HEAD_DIM, HIDDEN]],
        [`${layer}.self_attn.o_proj.weight`, [HIDDEN, HIDDEN]],
        [`${layer}.post_attention_layernorm.weight`, [HIDDEN]],
        [`${layer}.mlp.gate_proj.weight`, [24, HIDDEN]],
        [`${layer}.mlp.up_proj.weight`, [24, HIDDEN]],
        [`${layer}.mlp.down_proj.weight`, [HIDDEN, 24]],
        ['lm_head.weight', [3, HIDDEN]],
      ]),
    );
  });

  test('untied when the output has its own weights', async () => {
    const { config } = await open(metadata('llama'), { ...tensors(), 'output.weight': tensor(3, HIDDEN) });
    expect(config.tie_word_embeddings).toBe(false);
  });

  test("llama.cpp's order of query and key rows is undone, values stay", async () => {
    const checkpoint = await open(metadata('llama'));
    const layer = 'model.layers.0.self_attn';
    // What llama.cpp's converter does: reshape(heads, 2, headDim/2, in).swapaxes(1, 2).
    const permuted = (rows: number[]) =>
      range(rows.length / HEAD_DIM).flatMap((head) =>
        range(HEAD_DIM / 2).flatMap((j) =>
          [0, 1].map((half) => rows[head * HEAD_DIM + half * (HEAD_DIM / 2) + j]!),
        ),
      );
    const bias = [...(await checkpoint.read(`${layer}.q_proj.bias`)).data];
    expect(permuted(bias)).toEqual(range(HEADS * HEAD_DIM));
    expect(bias.slice(0, 8)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    for (const name of ['q_proj', 'k_proj']) {
      const { data, shape } = await checkpoint.read(`${layer}.${name}.weight`);
      const firsts = range(shape[0]!).map((row) => data[row * HIDDEN]! / HIDDEN);
      expect(permuted(firsts)).toEqual(range(shape[0]!));
      expect([...data.subarray(HIDDEN, 2 * HIDDEN)]).toEqual(range(HIDDEN).map((i) => 2 * HIDDEN + i));
    }
    expect([...(await checkpoint.read(`${layer}.v_proj.weight`)).data]).toEqual(range(HEAD_DIM * HIDDEN));
  });

  test('rows are numbered as in the tensor read whole', async () => {
    const checkpoint = await open(metadata('llama'));
    for (const name of [
      'embed_tokens',
      ...['q', 'k', 'v'].map((role) => `layers.0.self_attn.${role}_proj`),
    ]) {
      const whole = await checkpoint.read(`model.${name}.weight`);
      for (const rows of [range(whole.shape[0]!), [2, 0, 2, 1]]) {
        expect(await checkpoint.readRows(`model.${name}.weight`, rows)).toEqual(rowsOf(whole, rows));
      }
    }
  });

  test('qwen2 rows stay as they are', async () => {
    const checkpoint = await open(metadata('qwen2'));
    expect(checkpoint.config).toMatchObject({ model_type: 'qwen2', use_sliding_window: false });
    const bias = await checkpoint.read('model.layers.0.self_attn.q_proj.bias');
    expect([...bias.data]).toEqual(range(HEADS * HEAD_DIM));
  });

  test('a sliding window makes it a Mistral', async () => {
    const { config } = await open(metadata('llama', { 'llama.attention.sliding_window': u32(32) }));
    expect(config).toMatchObject({ model_type: 'mistral', sliding_window: 32 });
  });

  test('linear rope scaling', async () => {
    const scaling = { 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': { f32: 4 } };
    const { config } = await open(metadata('llama', scaling));
    expect(config.rope_parameters).toEqual({ rope_type: 'linear', factor: 4, rope_theta: 500000 });
  });

  test.each([
    ['released', 4, 8192],
    ['of another length', 4, 64],
    ['of another shape', 3, 100],
  ])("Llama 3's rope scaling, %s, out of its table", async (_, high, original) => {
    const rope = {
      rope_type: 'llama3' as const,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: high,
      original_max_position_embeddings: original,
    };
    const wide = { 'llama.embedding_length': u32(128), 'llama.rope.dimension_count': u32(64) };
    const factors = llama3Factors(500000, 32, rope);
    expect([factors[0], factors.at(-1)]).toEqual([1, 8]);
    const table: GgufTensor = { shape: [32], data: f32Bytes(factors) };
    const { config } = await open(metadata('llama', wide), { ...tensors(), 'rope_freqs.weight': table });
    const found = config.rope_parameters as Record<string, number>;
    expect(found).toMatchObject({ rope_type: 'llama3', factor: 8, low_freq_factor: 1, rope_theta: 500000 });
    expect(found.high_freq_factor).toBeCloseTo(high, 3);
    expect(found.original_max_position_embeddings).toBeCloseTo(original, 1);
  });

  const refused: [string, string, () => ReturnType<typeof open>][] = [
    ['an unknown architecture', 'GGUF_ARCHITECTURE', () => open(metadata('mamba'))],
    ['experts', 'GGUF_ARCHITECTURE', () => open(metadata('llama', { 'llama.expert_count': u32(8) }))],
    ['a count that is text', 'GGUF_METADATA', () => open(metadata('llama', { 'llama.block_count': 'two' }))],
    ['no count', 'GGUF_METADATA', () => open({ 'general.architecture': 'llama' })],
    [
      'a tensor of another family',
      'GGUF_TENSOR_UNKNOWN',
      () => open(metadata('llama'), { ...tensors(), 'blk.0.ssm_a.weight': tensor(2) }),
    ],
    [
      'no embedding',
      'GGUF_TENSOR_MISSING',
      () => open(metadata('llama'), { 'output_norm.weight': tensor(HIDDEN) }),
    ],
    [
      'a rope scaling of no known kind',
      'GGUF_ROPE',
      () => open(metadata('llama', { 'llama.rope.scaling.type': 'twisted' })),
    ],
    [
      'more layers than tensors',
      'GGUF_METADATA',
      () => open(metadata('llama', { 'llama.block_count': u32(2 ** 31) })),
    ],
    [
      'a head turned in part',
      'GGUF_ROPE',
      () => open(metadata('llama', { 'llama.rope.dimension_count': u32(4) })),
    ],
    [
      'rotary factors of no known kind',
      'GGUF_ROPE',
      () =>
        open(metadata('llama'), {
          ...tensors(),
          'rope_freqs.weight': { shape: [4], data: f32Bytes([1, 9, 2, 7]) },
        }),
    ],
  ];
  test.each(refused)('%s: %s', async (_, code, attempt) => {
    await expect(attempt()).rejects.toThrow(expect.objectContaining({ code }));
  });

  test('a folder with one GGUF is that file; with two it is unclear which', async () => {
    const { path } = await open(metadata('llama'));
    const folder = join(path, '..');
    expect((await openCheckpoint(folder)).path).toBe(path);
    cpSync(path, join(folder, 'other.gguf'));
    await expect(openCheckpoint(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_AMBIGUOUS' }),
    );
  });
});
