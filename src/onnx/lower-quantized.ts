/**
 * @file ONNX for products in integers, and for matrices out of their codes. Products that read the same x share its
 * rounded rows. Speeds and errors of the choices here: docs/decisions/low-precision.md.
 */
import { zeroOfCodes } from '../graph/ops.ts';
import { float32, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import { DATA_TYPE } from './data-type.ts';
import type { OnnxEmitter } from './emitter.ts';
import type { LoweringRules } from './lowering-rule.ts';

type Quantized = 'int8Matmul' | 'dequantizeRows' | 'dequantizeBlocks';

export const quantizedRules: LoweringRules<Quantized> = {
  int8Matmul: (emitter, { inputs, output }, node) => {
    const { transposeB, digits } = node.attributes;
    const [x, codes, scales = emitter.float(1)] = inputs as [string, string, string?];
    // Turning bytes costs 2% of the product, holding both orders twice the memory.
    const right =
      transposeB === true ? emitter.node('Transpose', [codes], { attributes: { perm: [1, 0] } }) : codes;
    const rows = roundedRows(emitter, x);
    const zero = zeroPoint(emitter);
    // Of x, whose rows are unsigned, and of the codes where they are.
    const zeros = zeroOfCodes(node.inputs[1]!.dtype) === 0 ? [zero] : [zero, zero];
    const product = (digit: string, weight: string) =>
      emitter.node('MatMulIntegerToFloat', [digit, right, weight, scales, ...zeros], {
        domain: 'com.microsoft',
      });
    const high = product(rows.high(), emitter.float(1));
    const sum =
      digits === 1 ? high : emitter.node('Add', [high, product(rows.low(), emitter.float(LOW_DIGIT))]);
    emitter.node('Mul', [sum, rows.scale], { output });
  },
  dequantizeRows: (emitter, { inputs: [codes, scales], output }, node) => {
    const cast = emitter.node('Cast', [codes!], { attributes: { to: DATA_TYPE.float32 } });
    const zero = zeroOfCodes(node.inputs[0]!.dtype);
    const wide = zero === 0 ? cast : emitter.node('Sub', [cast, emitter.float(zero)]);
    const column = emitter.node('Reshape', [scales!, emitter.int64s([-1, 1])]);
    emitter.node('Mul', [wide, column], { output });
  },
  dequantizeBlocks: (emitter, { inputs: [codes, factors], output }, { attributes }) => {
    const { values, blockSize, shape } = attributes;
    const wide = emitter.node('Cast', [codes!], { attributes: { to: DATA_TYPE.int32 } });
    const pairs = emitter.node('Gather', [pairTable(emitter, values), wide]); // [M * blockSize / 2, 2]
    const blocks = emitter.node('Reshape', [pairs, emitter.int64s([-1, blockSize])]);
    const column = emitter.node('Reshape', [factors!, emitter.int64s([-1, 1])]);
    let scaled = emitter.node('Mul', [blocks, column]);
    const size = sizeOf(shape);
    if (size % blockSize !== 0) {
      const flat = emitter.node('Reshape', [scaled, emitter.int64s([-1])]);
      scaled = emitter.node('Slice', [
        flat,
        emitter.int64s([0]),
        emitter.int64s([size]),
        emitter.int64s([0]),
      ]);
    }
    emitter.node('Reshape', [scaled, emitter.int64s(shape)], { output });
  },
};

/** What one step of the lower digit is worth in steps of the upper one: the upper is off by half a step, 127 of these. */
const LOW_DIGIT = 1 / 254;

/** So that a row of zeros is not divided by 0; far below any number whose 1/127 float32 still holds. */
const SMALLEST_SCALE = 1e-30;

interface RoundedRows {
  /** [N, 1]: what one step of the upper digit is worth. */
  readonly scale: string;
  /** [N, K] bytes, 128 is 0. */
  high(): string;
  low(): string;
}

/** Emitted once for all that read x. */
function roundedRows(emitter: OnnxEmitter, x: string): RoundedRows {
  const one = (what: string, make: () => string) => emitter.once(`int8 ${what} of ${x}`, make);
  const axis = emitter.int64s([1]);
  const overRow = (opType: string) => emitter.node(opType, [x, axis], { attributes: { keepdims: 1 } });
  const scale = one('scale', () => {
    // Two reductions that only read x cost less than one of its sizes, which have to be written first.
    const largest = emitter.node('Max', [overRow('ReduceMax'), emitter.node('Neg', [overRow('ReduceMin')])]);
    const step = emitter.node('Mul', [largest, emitter.float(1 / 127)]);
    const scale = emitter.node('Max', [step, emitter.float(SMALLEST_SCALE)]);
    // ReduceMax passes over NaN, a sum does not: 0 for finite rows, else NaN, which is then the scale of the whole row.
    const sum = overRow('ReduceSum');
    return emitter.node('Add', [scale, emitter.node('Mul', [sum, emitter.float(0)])]);
  });
  // Each row by its own step: divided and rounded in one pass.
  const high = () =>
    one('high', () => {
      const perRow = emitter.node('Reshape', [scale, emitter.int64s([-1])]); // [N]
      const zeros = emitter.node('Expand', [zeroPoint(emitter), emitter.node('Shape', [perRow])]);
      return emitter.node('QuantizeLinear', [x, perRow, zeros], { attributes: { axis: 0 } });
    });
  return {
    scale,
    high,
    low: () =>
      one('low', () => {
        const steps = emitter.node('Div', [x, scale]); // -127 .. 127
        const rounded = emitter.node('DequantizeLinear', [high(), emitter.float(1), zeroPoint(emitter)]);
        const left = emitter.node('Sub', [steps, rounded]);
        return emitter.node('QuantizeLinear', [left, emitter.float(LOW_DIGIT), zeroPoint(emitter)]);
      }),
  };
}

const zeroPoint = (emitter: OnnxEmitter): string =>
  emitter.once('uint8(128)', () =>
    emitter.initializer('uint8(128)', hostTensor('uint8', [], Uint8Array.of(128))),
  );

/** [256, 2]: the two numbers of each byte, the upper half's first. */
const pairTable = (emitter: OnnxEmitter, values: readonly number[]): string =>
  emitter.once(`pairs of ${values.join()}`, () =>
    emitter.initializer(
      'pairs',
      float32(
        [256, 2],
        Array.from({ length: 256 }, (_, byte) => [values[byte >> 4]!, values[byte & 15]!]).flat(),
      ),
    ),
  );
