/**
 * @file Products with a matrix in NF4: ONNX Runtime makes them of the codes (MatMulBnb4), the same numbers in less time than by
 * reading the matrix out in nodes (docs/decisions/low-precision.md). Only x W^T: turned the other way that operator gives wrong results.
 */
import type { Graph, Node, NodeOf } from '../graph/graph.ts';
import { sizeOf } from '../tensor/host-tensor.ts';
import type { OnnxEmitter } from './emitter.ts';
import type { LoweredNames } from './lowering-rule.ts';

type ReadOut = NodeOf<'dequantizeBlocks'>;
type Product = NodeOf<'matmul'> | NodeOf<'gemm'>;

/** The product's node to that of its matrix, where nothing but such products reads the matrix. */
export function productsOfCodes({ nodes, outputs }: Graph): ReadonlyMap<Node, ReadOut> {
  const matrices = new Map(
    nodes.flatMap((node) => (node.op === 'dequantizeBlocks' && isHeld(node) ? [[node.output, node]] : [])),
  );
  for (const { value } of outputs) matrices.delete(value);
  for (const node of nodes) {
    for (const [place, value] of node.inputs.entries()) {
      if (place !== 1 || !isTurned(node)) matrices.delete(value);
    }
  }
  return new Map(
    nodes.flatMap((node) => {
      const matrix = matrices.get(node.inputs[1]!);
      return matrix === undefined ? [] : [[node, matrix]];
    }),
  );
}

/** The operator knows NF4's numbers by itself, and takes no padding behind the last block. */
const isHeld = ({ attributes: { code, shape, blockSize } }: ReadOut) =>
  code === 'nf4' && shape.length === 2 && sizeOf(shape) % blockSize === 0;

function isTurned(node: Node): node is Product {
  if (node.op !== 'matmul' && node.op !== 'gemm') return false;
  const { transposeA = false, transposeB = false, alpha = 1 } = node.attributes;
  return !transposeA && transposeB && alpha === 1;
}

/** `names`: of the product; `matrix`: of the codes and the factors. */
export function lowerProductOfCodes(
  emitter: OnnxEmitter,
  { inputs: [x, , addend], output }: LoweredNames,
  matrix: LoweredNames['inputs'],
  { attributes: { shape, blockSize } }: ReadOut,
): void {
  const [N, K] = shape as readonly [number, number];
  const options = {
    domain: 'com.microsoft',
    attributes: { N, K, block_size: blockSize, quant_type: 1, transB: 1 },
  } as const;
  if (addend === undefined) {
    emitter.node('MatMulBnb4', [x!, ...matrix], { ...options, output });
    return;
  }
  emitter.node('Add', [emitter.node('MatMulBnb4', [x!, ...matrix], options), addend], { output });
}
