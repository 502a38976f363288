/** @file Matrix products: three plain loops, the innermost along memory. */
import { invariant } from '../../base/errors.ts';
import { computeBinary } from '../../graph/elementwise.ts';
import type { MatmulAttributes } from '../../graph/ops.ts';
import { type HostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { broadcastSizes, broadcastStrides, stridedOffsets } from '../../tensor/strided.ts';
import { transposed } from '../../tensor/views.ts';
import { floatsOf, floatTensor, type Kernels } from './kernel.ts';

export const productKernels: Kernels<'matmul' | 'gemm'> = {
  matmul: ([a, b], attributes) => matmul(a!, b!, attributes),
  gemm: ([a, b, c], attributes) => computeBinary('add', matmul(a!, b!, attributes), c!),
};

/** [.., m, k] x [.., k, n] -> [.., m, n], leading axes broadcast. */
function matmul(a: HostTensor, b: HostTensor, attributes: MatmulAttributes): HostTensor {
  const { transposeA = false, transposeB = false, alpha = 1 } = attributes;
  const left = transposeA ? swapLast(a) : a; // [.., m, k]
  const right = transposeB ? swapLast(b) : b; // [.., k, n]
  const [m, k, n] = [left.shape.at(-2)!, left.shape.at(-1)!, right.shape.at(-1)!];
  invariant(k === right.shape.at(-2), `inner sizes ${k} and ${right.shape.at(-2)} differ`);
  const [leftBatch, rightBatch] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
  const batch = broadcastSizes(leftBatch, rightBatch);
  invariant(batch !== undefined, `[${leftBatch}] and [${rightBatch}] do not broadcast`);
  const leftMatrices = stridedOffsets(batch, broadcastStrides(leftBatch, batch));
  const rightMatrices = stridedOffsets(batch, broadcastStrides(rightBatch, batch));
  const out = new Float64Array(sizeOf(batch) * m * n);
  for (let matrix = 0; matrix < leftMatrices.length; matrix++) {
    const x = floatsOf(left).subarray(leftMatrices[matrix]! * m * k);
    const y = floatsOf(right).subarray(rightMatrices[matrix]! * k * n);
    addProduct(out.subarray(matrix * m * n), x, y, [m, k, n], alpha);
  }
  return floatTensor([...batch, m, n], out);
}

/** out [m, n] += alpha x [m, k] y [k, n] */
function addProduct(
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  [m, k, n]: readonly [number, number, number],
  alpha: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = alpha * x[i * k + l]!;
      for (let j = 0; j < n; j++) out[i * n + j] = out[i * n + j]! + factor * y[l * n + j]!;
    }
  }
}

function swapLast(x: HostTensor): HostTensor {
  const axes = x.shape.map((_, axis) => axis);
  return transposed(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
