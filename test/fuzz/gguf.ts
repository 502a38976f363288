/** @file GGUF files: opened as a model, every tensor read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGguf } from '../../src/checkpoint/gguf/file.ts';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { checkWeights } from '../../src/model/check-weights.ts';
import { readModel } from '../../src/model/families/registry.ts';
import { f32Bytes, ggufBytes } from '../support/gguf-writer.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const [D, F, V] = [4, 6, 5];
const filled = (...shape: readonly number[]) => ({
  shape,
  data: f32Bytes(Array.from({ length: shape.reduce((size, dim) => size * dim, 1) }, (_, i) => i / 8)),
});

function seed(architecture: 'llama' | 'qwen2'): Uint8Array {
  const number = (value: number) => ({ u32: value });
  return ggufBytes({
    metadata: {
      'general.architecture': architecture,
      [`${architecture}.attention.head_count`]: number(2),
      [`${architecture}.embedding_length`]: number(D),
      [`${architecture}.block_count`]: number(1),
      [`${architecture}.feed_forward_length`]: number(F),
      [`${architecture}.context_length`]: number(64),
      [`${architecture}.attention.layer_norm_rms_epsilon`]: { f32: 1e-5 },
      [`${architecture}.rope.freq_base`]: { f32: 10000 },
      'tokenizer.ggml.tokens': ['a', 'b', 'c', 'd', 'e'],
      'tokenizer.ggml.eos_token_id': number(1),
    },
    tensors: [
      ['token_embd.weight', filled(V, D)],
      ['output_norm.weight', filled(D)],
      ['rope_freqs.weight', { shape: [1], data: f32Bytes([1]) }],
      ['blk.0.attn_norm.weight', filled(D)],
      ['blk.0.ffn_norm.weight', filled(D)],
      ...['q', 'k', 'v', 'output'].map((name) => [`blk.0.attn_${name}.weight`, filled(D, D)] as const),
      ...(architecture === 'qwen2' ? ['q', 'k', 'v'] : []).map(
        (name) => [`blk.0.attn_${name}.bias`, filled(D)] as const,
      ),
      ...['gate', 'up'].map((name) => [`blk.0.ffn_${name}.weight`, filled(F, D)] as const),
      ['blk.0.ffn_down.weight', filled(D, F)],
    ],
  });
}

export const ggufTarget: FuzzTarget = {
  name: 'gguf',
  seeds: async () => [seed('llama'), seed('qwen2')],
  run: async (bytes, folder) => {
    const path = join(folder, 'model.gguf');
    writeFileSync(path, bytes);
    const file = await readGguf(path);
    for (const name of file.tensors.keys()) await file.read(name);
    const checkpoint = await openCheckpoint(path);
    checkWeights(checkpoint, readModel(checkpoint.config, path, checkpoint.tensors.size));
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
  },
};
