/** @file The matrices of blocks, in the order of the computation: what adapters, formats and checks go over. */
import type { Block, Matrix, Model, Rotary } from './spec.ts';

/** Each matrix once by its name, though several projections may be parts of it. */
export function matricesOf({ attention, mlp }: Block): readonly Matrix[] {
  const { query, key, value, output } = attention;
  const inMlp = mlp.kind === 'gated' ? [mlp.gate.matrix, mlp.up.matrix, mlp.down] : [mlp.up, mlp.down];
  const all = [query.matrix, key.matrix, value.matrix, output, ...inMlp];
  return [...new Map(all.map((matrix) => [matrix.name, matrix])).values()];
}

/** A matrix of one layer, by its full name in the model: `model.layers.3.self_attn.q_proj`. */
export interface LayerMatrix {
  /** Undefined for a matrix behind the last layer, in a head. */
  readonly layer: number | undefined;
  readonly matrix: Matrix;
  readonly name: string;
}

/** The matrices of the given layers; default: of all. */
export function layerMatrices(
  { layers }: Model,
  selected: readonly number[] = [...layers.keys()],
): LayerMatrix[] {
  return selected.flatMap((layer) => {
    const { prefix, block } = layers[layer]!;
    return matricesOf(block).map((matrix) => ({ layer, matrix, name: prefix + matrix.name }));
  });
}

/** Whether a token sees only those before it: only then is what a model makes of a beginning the same whatever follows. */
export const isCausal = ({ layers }: Model): boolean =>
  layers.every(({ block }) => block.attention.bidirectional !== true);

/** The different rotary embeddings of a model, in the order of its layers. */
export function rotariesOf({ layers }: Model): readonly Rotary[] {
  const byText = new Map(
    layers.flatMap(({ block }) => {
      const { rotary } = block.attention;
      return rotary === undefined ? [] : [[JSON.stringify(rotary), rotary] as const];
    }),
  );
  return [...byText.values()];
}

/**
 * Matrices of a block that read the same x, by their names: each with the name of the first of them. Query, key and value; gate
 * and up.
 */
export function inputLeads({ attention, mlp }: Block): ReadonlyMap<string, string> {
  const { query, key, value, output } = attention;
  const groups = [
    [query.matrix, key.matrix, value.matrix],
    [output],
    mlp.kind === 'gated' ? [mlp.gate.matrix, mlp.up.matrix] : [mlp.up],
    [mlp.down],
  ];
  return new Map(groups.flatMap((group) => group.map(({ name }) => [name, group[0]!.name] as const)));
}
