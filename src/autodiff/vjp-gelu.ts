/**
 * @file Gradient of GELU (Hendrycks and Gimpel 2016, arXiv:1606.08415). With P(x) = (1 + erf(x / sqrt 2)) / 2, or in the
 * approximate form (1 + t) / 2 with t = tanh(u) and u = sqrt(2/pi) (x + 0.044715 x^3):
 *
 *   (x P)' = P + x P'
 *   P' = exp(-x^2 / 2) / sqrt(2 pi)       or       P' = (1 - t^2) u' / 2,  u' = sqrt(2/pi) (1 + 3 * 0.044715 x^2)
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import type { GeluApproximation } from '../graph/ops.ts';
import type { VjpRule } from './vjp-rule.ts';

/** P and its derivative. */
type Gate = (b: GraphBuilder, x: Value, square: Value) => readonly [gate: Value, slope: Value];

const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

const gates: { readonly [K in GeluApproximation]: Gate } = {
  none: (b, x, square) => [
    half(b, b.erf(b.scale(x, Math.SQRT1_2))),
    b.scale(b.exp(b.scale(square, -0.5)), 1 / Math.sqrt(2 * Math.PI)),
  ],
  tanh: (b, x, square) => {
    const t = b.tanh(b.mul(x, b.add(b.scale(square, ROOT * CUBIC), b.scalar(ROOT))));
    const u = b.add(b.scale(square, 1.5 * ROOT * CUBIC), b.scalar(0.5 * ROOT)); // u' / 2
    return [half(b, t), b.mul(b.sub(b.scalar(1), b.mul(t, t)), u)];
  },
};

export const geluRule: VjpRule<'gelu'> = ({ builder: b, node, g }) => {
  const x = node.inputs[0]!;
  const [gate, slope] = gates[node.attributes.approximate](b, x, b.mul(x, x));
  return [b.mul(g, b.add(gate, b.mul(x, slope)))];
};

/** (1 + y) / 2 */
const half = (b: GraphBuilder, y: Value) => b.scale(b.add(y, b.scalar(1)), 0.5);
