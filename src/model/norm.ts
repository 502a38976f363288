/** @file Norms by the kinds of the specification, over the last axis. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim, Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { Norm } from './spec.ts';

export interface NormContext {
  readonly builder: GraphBuilder;
  readonly parameter: (name: string, shape: Shape) => Value;
}

type NormOf = (context: NormContext, spec: Norm, x: Value, size: Dim) => Value;

const norms: { readonly [K in Norm['kind']]: NormOf } = {
  // x / sqrt(mean(x^2) + epsilon) * weight
  rms: ({ builder, parameter }, { name, epsilon }, x, size) =>
    builder.rmsNorm(x, parameter(`${name}.weight`, [size]), epsilon),
};

export const norm = (context: NormContext, spec: Norm, x: Value): Value =>
  norms[spec.kind](context, spec, x, x.shape.at(-1)!);

/** The parameters of a norm over `size` features, by name and shape. */
export const normParameters = (
  { name }: Norm,
  size: number,
): readonly (readonly [string, readonly number[]])[] => [[`${name}.weight`, [size]]];
