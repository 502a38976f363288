/**
 * @file Gradient of layer normalisation, y = w h with h = (x - mean(x)) r and r = (var(x) + epsilon)^(-1/2) over the last
 * axis of size D (Ba et al. 2016, arXiv:1607.06450):
 *
 *   dh_i/dx_j = r (1[i = j] - 1/D - h_i h_j / D)
 *   dx = r (g w - mean(g w) - h mean(g w h))          dw = sum over all rows of g h
 */
import type { VjpRule } from './vjp-rule.ts';

export const layerNormRule: VjpRule<'layerNorm'> = ({ builder: b, node, g, wants }) => {
  const [x, weight] = node.inputs;
  const axis = [x!.shape.length - 1];
  const centred = b.sub(x!, b.reduceMean(x!, axis, true));
  const variance = b.reduceMean(b.mul(centred, centred), axis, true); // [.., 1]
  const r = b.reciprocal(b.sqrt(b.add(variance, b.scalar(node.attributes.epsilon)))); // [.., 1]
  const h = b.mul(centred, r);
  const rows = Array.from({ length: x!.shape.length - 1 }, (_, i) => i);
  const dx = () => {
    const gw = b.mul(g, weight!);
    const level = b.reduceMean(gw, axis, true); // [.., 1]
    const slope = b.reduceMean(b.mul(gw, h), axis, true); // [.., 1]
    return b.mul(b.sub(b.sub(gw, level), b.mul(h, slope)), r);
  };
  return [wants(0) ? dx() : undefined, wants(1) ? b.reduceSum(b.mul(g, h), rows) : undefined];
};
