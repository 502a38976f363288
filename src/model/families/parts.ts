/** @file Words for family files: matrices, projections, norms, layers. */
import type { Block, Layer, Matrix, Norm, Projection } from '../spec.ts';

export const matrix = (name: string, inputSize: number, outputSize: number, bias = false): Matrix => ({
  name,
  inputSize,
  outputSize,
  bias,
});

/** A projection that is all of its matrix. */
export const whole = (of: Matrix): Projection => ({ matrix: of });

export const norms =
  (kind: Norm['kind'], epsilon: number) =>
  (name: string): Norm => ({ kind, name, epsilon });

export const layers = (
  count: number,
  prefix: (layer: number) => string,
  blockOf: (layer: number) => Block,
): readonly Layer[] =>
  Array.from({ length: count }, (_, layer) => ({ prefix: prefix(layer), block: blockOf(layer) }));
