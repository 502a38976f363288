/**
 * @file Layers between what a classifier pools and its last matrix, each gelu(x W^T + b) with a square W. With them the module of the
 * classes is what PyTorch writes as Sequential(Linear, GELU, ..., Linear), whose names are numbers.
 */
import type { Value } from '../graph/graph.ts';
import { activate } from '../model/activation.ts';
import { affine } from './affine.ts';
import type { HeadContext, HeadParameter } from './head.ts';

export interface TopLayers {
  readonly parameters: readonly HeadParameter[];
  /** Module of the last matrix. */
  readonly classes: string;
  /** [.., D] -> [.., D] */
  readonly apply: (context: HeadContext, x: Value) => Value;
}

/** `count` layers of `width` features in the module of the classes; 0: the module is the last matrix itself. */
export function topLayers(module: string, count: number, width: number): TopLayers {
  // As PyTorch draws a Linear.
  const first = { kind: 'uniform', bound: 1 / Math.sqrt(width) } as const;
  const layers = Array.from({ length: count }, (_, i) => ({
    weight: { name: `${module}.${2 * i}.weight`, shape: [width, width], first },
    bias: { name: `${module}.${2 * i}.bias`, shape: [width], first },
  }));
  return {
    parameters: layers.flatMap(({ weight, bias }) => [weight, bias]),
    classes: count === 0 ? module : `${module}.${2 * count}`,
    apply: (context, x) =>
      layers.reduce(
        (y, { weight, bias }) => activate(context.builder, 'gelu', affine(context, y, weight, bias)),
        x,
      ),
  };
}
