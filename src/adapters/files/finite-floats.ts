/** @file The check that trained tensors are finite float32 numbers, before anything is done with them. */
import { VultuneError } from '../../base/errors.ts';
import { firstNotFinite, type HostTensor } from '../../tensor/host-tensor.ts';

/** Throws ADAPTER_MISMATCH for numbers of another kind, ADAPTER_NOT_FINITE for NaN and infinity. */
export function finiteFloats(
  tensor: HostTensor,
  where: { readonly file: string; readonly name: string },
): HostTensor<'float32'> {
  if (tensor.dtype !== 'float32') {
    throw new VultuneError('ADAPTER_MISMATCH', `the adapter has a tensor of ${tensor.dtype}`, {
      where,
      hint: 'Adapters are of floating-point numbers.',
    });
  }
  const data = tensor.data as Float32Array;
  const at = firstNotFinite(data);
  if (at < 0) return tensor as HostTensor<'float32'>;
  throw new VultuneError(
    'ADAPTER_NOT_FINITE',
    `number ${at + 1} of ${data.length} in "${where.name}" is ${data[at]}, expected finite numbers`,
    {
      where,
      hint: 'The training that wrote the adapter failed: its scores would be NaN for every function.',
    },
  );
}
