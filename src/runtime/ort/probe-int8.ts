/**
 * @file Whether this processor's integer products are exact. Kernels without VNNI's or ARM's dot products add pairs of
 * products in 16 bits, which overflow for large ones where codes are signed: ONNX Runtime then gives another result, and says nothing.
 */
import { GraphBuilder } from '../../graph/builder.ts';
import { hostTensor } from '../../tensor/host-tensor.ts';
import { ortBackend } from './ort-backend.ts';

/** K of the product: several times what any kernel adds up at once, and an odd rest. */
const INNER_SIZE = 579;
const OUTPUTS = 33;
const ROWS = 3;

/** Signed codes, or unsigned ones of which 128 is 0. */
type CodeType = 'int8' | 'uint8';

const answers = new Map<CodeType, Promise<boolean>>();

/** 255 x 127 in every place is the largest product there is. On the CPU; asked once a process. */
export function areInt8ProductsExact(codes: CodeType): Promise<boolean> {
  const answer = answers.get(codes) ?? probe(codes);
  answers.set(codes, answer);
  return answer;
}

async function probe(type: CodeType): Promise<boolean> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', INNER_SIZE]);
  const codes = b.input('codes', type, [OUTPUTS, INNER_SIZE]);
  b.output('y', b.int8Matmul(x, codes, undefined, { transposeB: true, digits: 1 }));
  const executable = await (await ortBackend()).compile(b.build());
  const size = OUTPUTS * INNER_SIZE;
  try {
    // Every element is its row's largest: 127 steps above the zero point of 128.
    const { y } = await executable.run({
      x: hostTensor('float32', [ROWS, INNER_SIZE], new Float32Array(ROWS * INNER_SIZE).fill(127)),
      codes:
        type === 'int8'
          ? hostTensor('int8', [OUTPUTS, INNER_SIZE], new Int8Array(size).fill(127))
          : hostTensor('uint8', [OUTPUTS, INNER_SIZE], new Uint8Array(size).fill(255)),
    });
    return isExact(y!.data as Float32Array);
  } finally {
    await executable.release();
  }
}

export const isExact = (products: Float32Array): boolean =>
  products.every((product) => product === 127 * 127 * INNER_SIZE);
