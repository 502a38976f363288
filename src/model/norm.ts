/** @file Norms by the kinds of the specification, over the last axis. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim, Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { Norm } from './spec.ts';

export interface NormContext {
  readonly builder: GraphBuilder;
  readonly parameter: (name: string, shape: Shape) => Value;
}

type NormOf<K extends Norm['kind']> = (
  context: NormContext,
  spec: Extract<Norm, { readonly kind: K }>,
  x: Value,
  size: Dim,
) => Value;

const norms: { readonly [K in Norm['kind']]: NormOf<K> } = {
  // x / sqrt(mean(x^2) + epsilon) * weight
  rms: ({ builder: b, parameter }, { name, epsilon, onePlus }, x, size) => {
    const weight = parameter(`${name}.weight`, [size]);
    return b.rmsNorm(x, onePlus === true ? b.add(weight, b.scalar(1)) : weight, epsilon);
  },
  // (x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias
  layer: ({ builder: b, parameter }, { name, epsilon, bias }, x, size) => {
    const y = b.layerNorm(x, parameter(`${name}.weight`, [size]), epsilon);
    return bias ? b.add(y, parameter(`${name}.bias`, [size])) : y;
  },
  none: (_context, _spec, x) => x,
};

export const norm = <K extends Norm['kind']>(
  context: NormContext,
  spec: Extract<Norm, { readonly kind: K }>,
  x: Value,
): Value => (norms[spec.kind as K] as NormOf<K>)(context, spec, x, x.shape.at(-1)!);

/** The parameters of a norm over `size` features, by name and shape. */
export function normParameters(norm: Norm, size: number): readonly (readonly [string, readonly number[]])[] {
  if (norm.kind === 'none') return [];
  const weight = [`${norm.name}.weight`, [size]] as const;
  return norm.kind === 'layer' && norm.bias ? [weight, [`${norm.name}.bias`, [size]]] : [weight];
}
