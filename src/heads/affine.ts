/** @file A linear layer of a head's own: x W^T + b. */
import type { Value } from '../graph/graph.ts';
import type { HeadContext, HeadParameter } from './head.ts';

/** x [.., in], weight [out, in], bias [out] or undefined for none: [.., out]. */
export function affine(
  { builder: b, parameter }: HeadContext,
  x: Value,
  weight: HeadParameter,
  bias: HeadParameter | undefined,
): Value {
  const y = b.matmul(x, parameter(weight), { transposeB: true });
  return bias === undefined ? y : b.add(y, parameter(bias));
}
