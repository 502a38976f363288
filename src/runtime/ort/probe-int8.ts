/**
 * @file Whether this processor's integer products are exact. Kernels without VNNI's or ARM's dot products add pairs of
 * products in 16 bits, which overflow for large ones: ONNX Runtime then gives another result, and says nothing.
 */
import { GraphBuilder } from '../../graph/builder.ts';
import { hostTensor } from '../../tensor/host-tensor.ts';
import { ortBackend } from './ort-backend.ts';

/** K of the product: several times what any kernel adds up at once, and an odd rest. */
const INNER_SIZE = 579;
const OUTPUTS = 33;
const ROWS = 3;

let answer: Promise<boolean> | undefined;

/** By the largest product there is, 255 x 127 in every place, on the CPU. Asked once a process. */
export function areInt8ProductsExact(): Promise<boolean> {
  answer ??= probe();
  return answer;
}

async function probe(): Promise<boolean> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', INNER_SIZE]);
  const codes = b.input('codes', 'int8', [OUTPUTS, INNER_SIZE]);
  b.output('y', b.int8Matmul(x, codes, undefined, { transposeB: true, digits: 1 }));
  const executable = await (await ortBackend()).compile(b.build());
  try {
    // Every element is its row's largest: 127 steps above the zero point of 128.
    const { y } = await executable.run({
      x: hostTensor('float32', [ROWS, INNER_SIZE], new Float32Array(ROWS * INNER_SIZE).fill(127)),
      codes: hostTensor('int8', [OUTPUTS, INNER_SIZE], new Int8Array(OUTPUTS * INNER_SIZE).fill(127)),
    });
    return isExact(y!.data as Float32Array);
  } finally {
    await executable.release();
  }
}

export const isExact = (products: Float32Array): boolean =>
  products.every((product) => product === 127 * 127 * INNER_SIZE);
