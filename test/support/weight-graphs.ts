/** @file Weight formats by themselves: a matrix read out of its parts, its product and the gradient of what it multiplies. */
import { appendGradients } from '../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Tensors } from '../../src/runtime/backend.ts';
import type { HostTensor } from '../../src/tensor/host-tensor.ts';
import { matrixDecoder } from '../../src/weights/decoded-matrix.ts';
import type { MatrixShape, WeightFormat } from '../../src/weights/weight-format.ts';
import { sharedBackend } from './ort-run.ts';

async function run(graph: Graph, feeds: Tensors): Promise<Record<string, HostTensor>> {
  const executable = await (await sharedBackend()).compile(graph);
  try {
    return await executable.run(feeds);
  } finally {
    await executable.release();
  }
}

/** What ONNX Runtime reads out of the parts: [out, in]. */
export async function readOut(format: WeightFormat, matrix: HostTensor<'float32'>): Promise<HostTensor> {
  const decoder = matrixDecoder(format, await sharedBackend());
  try {
    return await decoder.decode(matrix);
  } finally {
    await decoder.release();
  }
}

export interface WeightProduct {
  /** x W^T: [N, out] */
  readonly y: Float32Array;
  /** The gradient of <g, y> with respect to x: [N, in] */
  readonly dx: Float32Array;
}

/** x [N, in], g [N, out]; by ONNX Runtime unless another way to run a graph is given. */
export async function productOf(
  format: WeightFormat,
  matrix: HostTensor<'float32'>,
  x: HostTensor<'float32'>,
  g: HostTensor<'float32'>,
  runGraph = run,
): Promise<WeightProduct> {
  const b = new GraphBuilder();
  const shape = matrix.shape as unknown as MatrixShape;
  const input = b.input('x', 'float32', ['N', shape[1]]);
  const seed = b.input('g', 'float32', ['N', shape[0]]);
  const product = format.product(b, input, shape, (name, dtype, dims) => b.input(name, dtype, dims));
  b.output('y', product);
  b.output('dx', appendGradients(b, [{ value: product, gradient: seed }], [input])[0]!);
  const { y, dx } = await runGraph(b.build(), { ...format.encode(matrix), x, g });
  return { y: y!.data as Float32Array, dx: dx!.data as Float32Array };
}
