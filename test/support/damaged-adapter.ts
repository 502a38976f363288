/** @file An adapter whose weights are numbers, and whose scores are not: what overflows in the head is infinite or NaN. */
import { join } from 'node:path';
import { readAllSafetensors, writeSafetensors } from '../../src/checkpoint/safetensors.ts';
import { float32 } from '../../src/tensor/host-tensor.ts';

/** Every weight of the head becomes the largest float32, so that its sums overflow. */
export async function overflowHead(adapterFolder: string): Promise<void> {
  const file = join(adapterFolder, 'adapter_model.safetensors');
  const tensors = await readAllSafetensors(file);
  const changed = [...tensors].map(([name, tensor]) =>
    name.includes('score')
      ? ([name, float32(tensor.shape, new Array<number>(tensor.data.length).fill(3.4e38))] as const)
      : ([name, tensor] as const),
  );
  await writeSafetensors(file, new Map(changed), { format: 'pt' });
}
