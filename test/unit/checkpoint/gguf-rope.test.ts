/** @file llama.cpp's rotary settings in the keys of `rope_parameters`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';
import { FAMILIES, f32, ggufOf, u32 } from '../../support/gguf-families.ts';
import { d, P, type Row, type Tensor } from '../../support/gguf-family-rows.ts';
import { type GgufValue, writeGguf } from '../../support/gguf-writer.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-gguf-rope-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let files = 0;

describe('rotary scaling', () => {
  const rope = async (metadata: Record<string, GgufValue>, tables: Readonly<Record<string, Tensor>> = {}) => {
    const rows = [
      ...FAMILIES.qwen3!.rows,
      ...Object.entries(tables).map(([name, table]): Row => ['', name, table]),
    ];
    const all = { ...FAMILIES.qwen3!.metadata, ...metadata };
    const { config } = await openCheckpoint(
      writeGguf(join(root, `${files++}.gguf`), ggufOf({ ...FAMILIES.qwen3!, rows, metadata: all })),
    );
    const { rope_theta, ...found } = config.rope_parameters as Record<string, unknown>;
    expect(rope_theta).toBe(10000);
    return found;
  };
  const type = (name: string, factor: number) => ({
    'rope.scaling.type': name,
    'rope.scaling.factor': f32(factor),
  });

  test.each([
    ['none, whatever the factor', type('none', 4), { rope_type: 'default' }],
    ['linear', type('linear', 4), { rope_type: 'linear', factor: 4 }],
    [
      'linear by default, as in llama.cpp',
      { 'rope.scaling.factor': f32(4) },
      { rope_type: 'linear', factor: 4 },
    ],
    ['linear by its older key', { 'rope.scale_linear': f32(2) }, { rope_type: 'linear', factor: 2 }],
    [
      'yarn',
      { ...type('yarn', 4), 'rope.scaling.original_context_length': u32(5) },
      { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 5 },
    ],
    [
      'yarn with everything said',
      {
        ...type('yarn', 4),
        'rope.scaling.original_context_length': u32(5),
        'rope.scaling.yarn_ext_factor': f32(1),
        'rope.scaling.yarn_attn_factor': f32(0.9),
        'rope.scaling.yarn_beta_fast': f32(16),
        'rope.scaling.yarn_beta_slow': f32(2),
      },
      {
        rope_type: 'yarn',
        factor: 4,
        original_max_position_embeddings: 5,
        attention_factor: 0.9,
        beta_fast: 16,
        beta_slow: 2,
      },
    ],
    [
      "yarn with llama.cpp's multiplier of the default attention factor",
      { ...type('yarn', 4), 'rope.scaling.attn_factor': f32(0.5) },
      {
        rope_type: 'yarn',
        factor: 4,
        original_max_position_embeddings: P,
        attention_factor: 0.5 * (0.1 * Math.log(4) + 1),
      },
    ],
  ])('%s', async (_, metadata, expected) => {
    expect(await rope(metadata)).toEqual(expected);
  });

  const [short, long] = ['rope_factors_short.weight', 'rope_factors_long.weight'] as const;

  test('longrope: two tables, decimals as short as float32 allows', async () => {
    const tables = { [short]: float32([d / 2], [1, 1.1]), [long]: float32([d / 2], [2, 7.7]) };
    const metadata = {
      'rope.scaling.original_context_length': u32(5),
      'rope.scaling.attn_factor': f32(1.19),
    };
    expect(await rope(metadata, tables)).toEqual({
      rope_type: 'longrope',
      short_factor: [1, 1.1],
      long_factor: [2, 7.7],
      original_max_position_embeddings: 5,
      attention_factor: 1.19,
    });
  });

  const refused: [string, Record<string, GgufValue>, Record<string, Tensor>, string][] = [
    ['one table of two', {}, { [short]: float32([d / 2], [1, 1]) }, long],
    [
      'a table of another length',
      {},
      { [short]: float32([d], [1, 1, 1, 1]), [long]: float32([d], [1, 1, 1, 1]) },
      short,
    ],
    ['longrope without tables', type('longrope', 4), {}, 'qwen3.rope.scaling.type'],
    ['a kind that is not known', type('twisted', 4), {}, 'qwen3.rope.scaling.type'],
    ['yarn by a factor of 0', type('yarn', 0), {}, 'qwen3.rope.scaling.factor'],
    [
      'yarn in part',
      { ...type('yarn', 4), 'rope.scaling.yarn_ext_factor': f32(0.5) },
      {},
      'qwen3.rope.scaling.yarn_ext_factor',
    ],
    [
      "DeepSeek's yarn",
      { ...type('yarn', 4), 'rope.scaling.yarn_log_multiplier': f32(0.07) },
      {},
      'qwen3.rope.scaling.yarn_log_multiplier',
    ],
  ];
  test.each(refused)('refused: %s', async (_, metadata, tables, name) => {
    await expect(rope(metadata, tables)).rejects.toMatchObject({ code: 'GGUF_ROPE', where: { name } });
  });

  test("Llama 3's table of a small head, which fits several lengths", async () => {
    expect(await rope({}, { 'rope_freqs.weight': float32([4], [1, 8, 8, 8]) })).toMatchObject({
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: expect.any(Number),
    });
  });
});
