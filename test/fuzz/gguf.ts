/** @file GGUF files of every architecture: opened as a model, every tensor read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGguf } from '../../src/checkpoint/gguf/file.ts';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { FAMILY_NAMES } from '../../src/model/families/registry.ts';
import { modelCheckpoint } from '../../src/model/model-checkpoint.ts';
import { FAMILIES, ggufOf } from '../support/gguf-families.ts';
import { f32Bytes, ggufBytes } from '../support/gguf-writer.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const llama = ggufOf(FAMILIES.llama!);

/** A Llama with a table of rotary factors and a vocabulary. */
const llama3 = {
  metadata: { ...llama.metadata, 'tokenizer.ggml.tokens': ['a', 'b', 'c', 'd', 'e'] },
  tensors: [...llama.tensors!, ['rope_freqs.weight', { shape: [2], data: f32Bytes([1, 1]) }] as const],
};

export const ggufTarget: FuzzTarget = {
  name: 'gguf',
  seeds: async () => [llama3, ...Object.values(FAMILIES).map(ggufOf)].map(ggufBytes),
  run: async (bytes, folder) => {
    const path = join(folder, 'model.gguf');
    writeFileSync(path, bytes);
    const file = await readGguf(path);
    for (const name of file.tensors.keys()) await file.read(name);
    const checkpoint = await openCheckpoint(path);
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
    // Some architectures can be read, but no family computes them yet.
    if (FAMILY_NAMES.includes(String(checkpoint.config.model_type))) modelCheckpoint(checkpoint);
  },
};
