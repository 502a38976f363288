/** @file One transformer block on a flat list of tokens, whatever the family: [N, D] -> [Q, D] of the tokens that ask. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Dim, Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { activate } from './activation.ts';
import { norm } from './norm.ts';
import type { Attention, Block, HeadNorm, Matrix, Mlp, Norm, Projection, Residual } from './spec.ts';
import type { Tokens } from './tokens/tokens.ts';

export interface BlockContext {
  readonly builder: GraphBuilder;
  readonly tokens: Tokens;
  /** A parameter of this block by its relative name. */
  readonly parameter: (name: string, shape: Shape) => Value;
  /** x [N, in] times the matrix, with its bias and its adapter: [N, out]. */
  readonly linear: (matrix: Matrix, x: Value) => Value;
}

type ResidualLayout = (context: BlockContext, spec: Block, x: Value) => Value;

export const block: ResidualLayout = (context, spec, x) => residuals[spec.residual](context, spec, x);

/**
 * x is of all tokens [N, D], the result of those that ask [Q, D]: attention takes x whole, everything else goes through
 * `tokens.asking`. Where every token asks that changes nothing; the last block under a head that reads `last` needs it.
 */
const residuals: { readonly [K in Residual]: ResidualLayout } = {
  // h = x + after(attention(norm(x))); h + after(mlp(norm(h)))
  'pre-norm': (c, { attention: a, mlp: m, norms }, x) => {
    const after = (spec: Norm | undefined, y: Value) => (spec === undefined ? y : norm(c, spec, y));
    const attended = after(norms.afterAttention, attention(c, a, norm(c, norms.attention, x)));
    const h = c.builder.add(c.tokens.asking(x), attended);
    return c.builder.add(h, after(norms.afterMlp, mlp(c, m, norm(c, norms.mlp, h))));
  },
  // x + attention(norm(x)) + mlp(norm(x))
  parallel: (c, { attention: a, mlp: m, norms }, x) => {
    const asking = c.tokens.asking(x);
    const attended = attention(c, a, norm(c, norms.attention, x));
    return c.builder.add(asking, c.builder.add(attended, mlp(c, m, norm(c, norms.mlp, asking))));
  },
  // h = norm(x + attention(x)); norm(h + mlp(h))
  'post-norm': (c, { attention: a, mlp: m, norms }, x) => {
    const h = norm(c, norms.attention, c.builder.add(c.tokens.asking(x), attention(c, a, x)));
    return norm(c, norms.mlp, c.builder.add(h, mlp(c, m, h)));
  },
};

/** [N, D] -> [Q, D] */
function attention(c: BlockContext, spec: Attention, x: Value): Value {
  const turned = (side: 'query' | 'key', headNorm: HeadNorm | undefined, of: Value) => {
    const projected = project(c, spec[side], of);
    const normed = headNorm === undefined ? projected : normHeads(c, headNorm, spec.headSize, projected);
    return spec.rotary === undefined ? normed : c.tokens.rotate(normed, side, spec.rotary);
  };
  const key = turned('key', spec.keyNorm, x);
  const value = project(c, spec.value, x);
  const query = turned('query', spec.queryNorm, c.tokens.asking(x));
  return c.linear(spec.output, c.tokens.attend(spec, query, key, value));
}

/** [M, heads * d] -> the same, each head's d features or all of them normed. */
function normHeads(c: BlockContext, { norm: spec, over }: HeadNorm, d: number, x: Value): Value {
  if (over === 'all-heads') return norm(c, spec, x);
  const [rows, width] = x.shape as [Dim, number];
  return c.builder.reshape(norm(c, spec, c.builder.reshape(x, [rows, width / d, d])), [rows, width]);
}

/** [Q, D] -> [Q, D]: down(activation(gate(x)) * up(x)), or down(activation(up(x))). */
function mlp(c: BlockContext, spec: Mlp, x: Value): Value {
  if (spec.kind === 'plain')
    return c.linear(spec.down, activate(c.builder, spec.activation, c.linear(spec.up, x)));
  const gate = activate(c.builder, spec.activation, project(c, spec.gate, x)); // [Q, F]
  return c.linear(spec.down, c.builder.mul(gate, project(c, spec.up, x)));
}

/** A fused matrix is asked once for each of its parts; common subexpressions make one product of them. */
function project({ builder: b, linear }: BlockContext, { matrix, columns }: Projection, x: Value): Value {
  const y = linear(matrix, x);
  if (columns === undefined) return y;
  const parts = columns.map(([from, to]) => b.slice(y, 1, from, to));
  return parts.length === 1 ? parts[0]! : b.concat(parts, 1);
}
