/** @file The tensors of one file of weights, by the end of its name: safetensors, or what torch.save wrote (`.bin`). */
import { readPytorchFile } from './pickle/pytorch-file.ts';
import { readSafetensors } from './safetensors.ts';
import type { StoredTensor } from './stored-tensor.ts';

/** By name. Throws what safetensors-header.ts and pickle/pytorch-file.ts throw. */
export async function readTensors(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  if (path.endsWith('.bin')) return await readPytorchFile(path);
  const file = await readSafetensors(path);
  return new Map(
    [...file.tensors].map(([name, { shape, dtype, start, sizeBytes }]) => [
      name,
      {
        shape,
        storedDtype: dtype,
        file: path,
        start,
        sizeBytes,
        read: () => file.read(name),
        decode: (bytes) => file.decode(name, bytes),
        readRows: (rows) => file.readRows(name, rows),
      },
    ]),
  );
}
