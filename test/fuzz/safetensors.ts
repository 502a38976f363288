/** @file safetensors files: every tensor that the header admits is read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAllSafetensors, writeSafetensors } from '../../src/checkpoint/safetensors.ts';
import { float32, int64 } from '../../src/tensor/host-tensor.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { withFolder } from './with-folder.ts';

export const safetensorsTarget: FuzzTarget = {
  name: 'safetensors',
  seeds: () =>
    withFolder(async (folder, read) => {
      const tensors = { a: float32([2, 2], [1, 2, 3, 4]), empty: float32([0, 3], []), n: int64([2], [1, 2]) };
      await writeSafetensors(join(folder, 'seed'), tensors, { format: 'pt' });
      return [read('seed')];
    }),
  run: async (bytes, folder) => {
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, bytes);
    await readAllSafetensors(path);
  },
};
