/**
 * @file Whether this processor's integer products are exact. Kernels without VNNI's or ARM's dot products add pairs of
 * products in 16 bits, which overflow for large ones where codes are signed: ONNX Runtime then gives another result, and says nothing.
 */
import { GraphBuilder } from '../../graph/builder.ts';
import { type ByteCodes, zeroOfCodes } from '../../graph/ops.ts';
import { hostTensor } from '../../tensor/host-tensor.ts';
import { ortBackend } from './ort-backend.ts';

/** K of the product: several times what any kernel adds up at once, and an odd rest. */
const INNER_SIZE = 579;
const OUTPUTS = 33;
const ROWS = 3;

const answers = new Map<ByteCodes, Promise<boolean>>();

/** 255 x 127 in every place is the largest product there is. On the CPU; asked once a process. */
export function areInt8ProductsExact(codes: ByteCodes): Promise<boolean> {
  const known = answers.get(codes);
  if (known !== undefined) return known;
  const answer = probe(codes);
  answers.set(codes, answer);
  // What kept it from an answer, as too little memory, may be over when it is asked again.
  answer.catch(() => answers.delete(codes));
  return answer;
}

async function probe(codes: ByteCodes): Promise<boolean> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', INNER_SIZE]);
  const matrix = b.input('matrix', codes, [OUTPUTS, INNER_SIZE]);
  b.output('y', b.int8Matmul(x, matrix, undefined, { transposeB: true, digits: 1 }));
  const executable = await (await ortBackend()).compile(b.build());
  const size = OUTPUTS * INNER_SIZE;
  const largest = zeroOfCodes(codes) + 127;
  try {
    // Every element is its row's largest: 127 steps above the zero point of 128.
    const { y } = await executable.run({
      x: hostTensor('float32', [ROWS, INNER_SIZE], new Float32Array(ROWS * INNER_SIZE).fill(127)),
      matrix:
        codes === 'int8'
          ? hostTensor('int8', [OUTPUTS, INNER_SIZE], new Int8Array(size).fill(largest))
          : hostTensor('uint8', [OUTPUTS, INNER_SIZE], new Uint8Array(size).fill(largest)),
    });
    return isExact(y!.data as Float32Array);
  } finally {
    await executable.release();
  }
}

export const isExact = (products: Float32Array): boolean =>
  products.every((product) => product === 127 * 127 * INNER_SIZE);
