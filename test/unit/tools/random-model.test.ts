/** @file tools/random-model.mjs: a folder of random weights opens as the model that its geometry says, whatever it is stored in. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openModel } from '../../../src/network/open-model.ts';
import { BaseWeights } from '../../../src/weights/base-weights.ts';
import { nf4 } from '../../../src/weights/four-bit.ts';
import { GEOMETRIES, STORED_TYPES, writeRandomModel } from '../../support/random-model.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, statfsSync: vi.fn(real.statfsSync) };
});

const work = mkdtempSync(join(tmpdir(), 'vultune-random-model-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const small = {
  'llama-7b': {
    hidden_size: 64,
    intermediate_size: 96,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    vocab_size: 300,
  },
  'starcoder-15b': { n_embd: 64, n_inner: 256, n_head: 4, vocab_size: 300, n_positions: 64 },
} as const;

describe.each(Object.keys(small) as (keyof typeof small)[])('%s, made small', (name) => {
  const config = { ...GEOMETRIES[name], ...small[name] };

  test.each(STORED_TYPES)(
    'stored as %s it opens, in shards, with finite weights of a small size',
    async (stored) => {
      const folder = join(work, `${name}-${stored}`);
      const written = await writeRandomModel(folder, { config, stored, layers: 2, shardBytes: 60_000 });
      expect(readdirSync(folder).filter((file) => file.endsWith('.safetensors')).length).toBeGreaterThan(1);
      const model = await openModel(folder);
      expect(model.spec.layers).toHaveLength(2);
      expect(written.parameters).toBeGreaterThan(80_000);
      const { prefix } = model.spec.layers[1]!;
      const matrix = `${prefix}${name === 'llama-7b' ? 'mlp.down_proj' : 'mlp.c_proj'}.weight`;
      const { data } = await model.weights.get(matrix);
      const deviation = Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length);
      expect(deviation).toBeGreaterThan(0.02);
      expect(deviation).toBeLessThan(0.08);
      await model.checkpoint.close();
    },
  );

  test('codes of bitsandbytes are taken as they are: what decoding and rounding again would give', async () => {
    const folder = join(work, `${name}-nf4`);
    const model = await openModel(folder);
    const { readFourBit: _, ...decoded } = model.checkpoint;
    const [taken, rounded] = [new BaseWeights(model.checkpoint, nf4), new BaseWeights(decoded, nf4)];
    const matrix = `${model.spec.layers[0]!.prefix}${name === 'llama-7b' ? 'self_attn.q_proj' : 'attn.c_attn'}.weight`;
    for (const part of ['codes', 'factors']) {
      expect(await taken.part(matrix, part)).toEqual(await rounded.part(matrix, part));
    }
    await model.checkpoint.close();
  });
});

test('a folder with something in it is left alone', async () => {
  const folder = mkdtempSync(join(work, 'used-'));
  writeFileSync(join(folder, 'file'), 'mine');
  await expect(writeRandomModel(folder, { config: GEOMETRIES['llama-7b']! })).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
  });
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine');
});

test('a disk with less space than the weights take is refused before a byte is written', async () => {
  vi.mocked(statfsSync).mockReturnValueOnce({ bavail: 1000, bsize: 4096 } as never);
  const folder = join(work, 'large');
  await expect(writeRandomModel(folder, { config: GEOMETRIES['llama-7b']! })).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/takes 13 GB, the disk has 4.1 MB left/),
  });
  expect(readdirSync(work)).not.toContain('large');
});
