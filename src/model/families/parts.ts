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

export const rmsNorm =
  (epsilon: number) =>
  (name: string): Norm => ({ kind: 'rms', name, epsilon });

/** Times 1 + weight. */
export const rmsNormOfOnePlus =
  (epsilon: number) =>
  (name: string): Norm => ({ kind: 'rms', name, epsilon, onePlus: true });

export const layerNorm =
  (epsilon: number, bias = true) =>
  (name: string): Norm => ({ kind: 'layer', name, epsilon, bias });

/** Columns [from, to) of a fused matrix; several ranges are joined. */
export const columns = (
  of: Matrix,
  ...ranges: readonly (readonly [from: number, to: number])[]
): Projection => ({
  matrix: of,
  columns: ranges,
});

/** The columns of a fused matrix whose parts of the given sizes lie one behind the other. */
export function parts(of: Matrix, ...sizes: readonly number[]): readonly Projection[] {
  let from = 0;
  return sizes.map((size) => {
    from += size;
    return columns(of, [from - size, from]);
  });
}

export const layers = (
  count: number,
  prefix: (layer: number) => string,
  blockOf: (layer: number) => Block,
): readonly Layer[] =>
  Array.from({ length: count }, (_, layer) => ({ prefix: prefix(layer), block: blockOf(layer) }));
