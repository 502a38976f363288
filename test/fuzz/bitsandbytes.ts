/** @file Checkpoints that bitsandbytes saved, in 4 bits with factors in bytes and in 8: every tensor put together is read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { writeSafetensors } from '../../src/checkpoint/safetensors.ts';
import { float32, hostTensor } from '../../src/tensor/host-tensor.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { withFolder } from './with-folder.ts';

const bytes = (shape: readonly number[], values: ArrayLike<number>) =>
  hostTensor('uint8', shape, Uint8Array.from(values));
const STATE = Buffer.from(
  '{"quant_type": "nf4", "blocksize": 8, "shape": [3, 4], "nested_blocksize": 256, "nested_offset": 12.5}',
);

export const bitsandbytesTarget: FuzzTarget = {
  name: 'bitsandbytes checkpoint',
  seeds: () =>
    withFolder(async (folder, read) => {
      await writeSafetensors(join(folder, 'seed'), {
        'a.weight': bytes([6, 1], [1, 35, 69, 103, 137, 171]),
        'a.weight.absmax': bytes([2], [0, 255]),
        'a.weight.quant_map': float32([16], Array(16).fill(0.5)),
        'a.weight.nested_absmax': float32([1], [4]),
        'a.weight.nested_quant_map': float32([256], Array(256).fill(0.25)),
        'a.weight.quant_state.bitsandbytes__nf4': bytes([STATE.length], STATE),
        'b.weight': hostTensor('int8', [2, 2], Int8Array.of(127, -127, 0, 1)),
        'b.SCB': float32([2], [1, 2]),
        'b.weight_format': bytes([], [0]),
      });
      return [read('seed')];
    }),
  run: async (given, folder) => {
    writeFileSync(join(folder, 'config.json'), '{"model_type": "llama"}');
    writeFileSync(join(folder, 'model.safetensors'), given);
    const checkpoint = await openCheckpoint(folder);
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
  },
};
