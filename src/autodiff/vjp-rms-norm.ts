/**
 * @file Gradient of RMSNorm, y = w x r with r = (mean(x^2) + epsilon)^(-1/2) over the last axis of size D:
 *
 *   dr/dx_j = -r^3 x_j / D
 *   dx = r (g w) - x r^3 mean(g w x)          dw = sum over all rows of g x r
 */
import type { VjpRule } from './vjp-rule.ts';

export const rmsNormRule: VjpRule<'rmsNorm'> = ({ builder: b, node, g, wants }) => {
  const [x, weight] = node.inputs;
  const axis = [x!.shape.length - 1];
  const meanSquare = b.reduceMean(b.mul(x!, x!), axis, true);
  const r = b.reciprocal(b.sqrt(b.add(meanSquare, b.scalar(node.attributes.epsilon)))); // [.., 1]
  const rows = Array.from({ length: x!.shape.length - 1 }, (_, i) => i);
  const dx = () => {
    const gw = b.mul(g, weight!);
    const slope = b.mul(b.mul(r, b.mul(r, r)), b.reduceMean(b.mul(gw, x!), axis, true));
    return b.sub(b.mul(gw, r), b.mul(x!, slope));
  };
  return [wants(0) ? dx() : undefined, wants(1) ? b.reduceSum(b.mul(g, b.mul(x!, r)), rows) : undefined];
};
