/**
 * @file ONNX for matrix products and reductions. Which operator serves which case was measured:
 * docs/decisions/onnx-runtime.md.
 */
import type { Shape } from '../graph/dim.ts';
import type { NodeOf } from '../graph/graph.ts';
import type { MatmulAttributes, ReduceAttributes } from '../graph/ops.ts';
import type { OnnxEmitter } from './emitter.ts';
import type { LoweredNames, LoweringRules } from './lowering-rule.ts';
import type { OnnxAttribute } from './writer.ts';

type Products = 'matmul' | 'gemm' | 'reduceSum' | 'reduceMean' | 'reduceMax';

/** Columns that a kernel computes at a time: with as few as these, the other side is what should be split. */
const KERNEL_COLUMNS = 16;
/** From so many rows a column on, turning the result costs less than it saves. */
const FEWEST_ROWS_PER_COLUMN = 4;

export const productRules: LoweringRules<Products> = {
  matmul: (emitter, { inputs, output }, node) => {
    const { transposeA = false, transposeB = false, alpha = 1 } = node.attributes;
    if (transposeA && !transposeB && isNarrow(node.output.shape)) {
      // Not Gemm: ONNX Runtime would move the Transpose into it, and the slow product is back.
      const turned = emitter.node('FusedMatMul', inputs.toReversed(), {
        domain: 'com.microsoft',
        attributes: gemmAttributes({ transposeA: true, alpha }),
      });
      emitter.node('Transpose', [turned], { attributes: { perm: [1, 0] }, output });
    } else if (!transposeA && !transposeB && alpha === 1) {
      emitter.node('MatMul', inputs, { output });
    } else if (node.inputs.every((input) => input.shape.length === 2)) {
      emitter.node('Gemm', inputs, { attributes: gemmAttributes(node.attributes), output });
    } else {
      emitter.node('FusedMatMul', inputs, {
        domain: 'com.microsoft',
        attributes: gemmAttributes(node.attributes),
        output,
      });
    }
  },
  gemm: (emitter, { inputs, output }, { attributes }) => {
    emitter.node('Gemm', inputs, { attributes: gemmAttributes(attributes), output });
  },
  reduceSum: (emitter, names, node) => lowerReduction(emitter, names, node, 'ReduceSum'),
  reduceMean: (emitter, names, node) => lowerReduction(emitter, names, node, 'ReduceMean'),
  reduceMax: (emitter, names, node) => lowerReduction(emitter, names, node, 'ReduceMax'),
};

/** A matrix of many rows and few columns (the gradient of lora_B): its transpose is quicker to make, and the same numbers. */
function isNarrow(shape: Shape): boolean {
  const [rows, columns] = shape;
  return (
    shape.length === 2 &&
    typeof rows === 'number' &&
    typeof columns === 'number' &&
    columns <= KERNEL_COLUMNS &&
    rows >= FEWEST_ROWS_PER_COLUMN * columns
  );
}

/** Gemm and FusedMatMul name them alike. */
function gemmAttributes({ transposeA, transposeB, alpha }: MatmulAttributes): Record<string, OnnxAttribute> {
  return {
    ...(transposeA === true && { transA: 1 }),
    ...(transposeB === true && { transB: 1 }),
    ...(alpha !== undefined && alpha !== 1 && { alpha: { float: alpha } }),
  };
}

function lowerReduction(
  emitter: OnnxEmitter,
  { inputs, output }: LoweredNames,
  node: NodeOf<'reduceSum'> | NodeOf<'reduceMean'> | NodeOf<'reduceMax'>,
  opType: string,
): void {
  const { axes, keepDims }: ReduceAttributes = node.attributes;
  // ONNX takes no axes for all axes.
  if (axes.length === 0) {
    emitter.node('Identity', inputs, { output });
    return;
  }
  emitter.node(opType, [inputs[0]!, emitter.int64s(axes)], {
    attributes: { keepdims: keepDims ? 1 : 0 },
    output,
  });
}
