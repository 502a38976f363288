/** @file model.safetensors.index.json beside shards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { writeSafetensors } from '../../src/checkpoint/safetensors.ts';
import { float32 } from '../../src/tensor/host-tensor.ts';
import type { FuzzTarget } from './fuzz-target.ts';

export const shardIndexTarget: FuzzTarget = {
  name: 'model.safetensors.index.json',
  seeds: async () => [
    Buffer.from(
      JSON.stringify({
        metadata: { total_size: 16 },
        weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-2.safetensors' },
      }),
    ),
  ],
  run: async (bytes, folder) => {
    writeFileSync(join(folder, 'config.json'), '{"model_type": "llama"}');
    await writeSafetensors(join(folder, 'model-1.safetensors'), { a: float32([1], [1]) });
    await writeSafetensors(join(folder, 'model-2.safetensors'), {
      b: float32([1], [1]),
      c: float32([2], [1, 2]),
    });
    writeFileSync(join(folder, 'model.safetensors.index.json'), bytes);
    const checkpoint = await openCheckpoint(folder);
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
  },
};
