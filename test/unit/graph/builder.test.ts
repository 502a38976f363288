/** @file The builder finds mistakes where they are made; graphs print as one line a node. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Shape } from '../../../src/graph/dim.ts';
import type { Value } from '../../../src/graph/graph.ts';
import type { GraphDType } from '../../../src/graph/ops.ts';
import { printGraph } from '../../../src/graph/print.ts';
import { float32, hostTensor } from '../../../src/tensor/host-tensor.ts';

test('a graph as text', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['S*B', 4]);
  const w = b.input('w', 'float32', [2, 4]);
  const product = b.matmul(x, w, { transposeB: true, alpha: 0.5 });
  const mask = b.constant(float32([2], [1, -0.25]));
  const large = b.constant(hostTensor('uint32', [5], Uint32Array.of(1, 2, 3, 4, 5)));
  b.output('y', b.reshape(b.transpose(b.mul(product, mask), [1, 0]), ['2*B*S']));
  b.output('shifted', b.shiftRight(large, 3));
  b.output('again', x);
  expect(printGraph(b.build())).toBe(`\
input x: float32[B*S, 4]
input w: float32[2, 4]
matmul_0: float32[B*S, 2] = matmul(x, w) {transposeB: true, alpha: 0.5}
constant_1: float32[2] = constant() {1, -0.25}
constant_2: uint32[5] = constant() {5 values}
mul_3: float32[B*S, 2] = mul(matmul_0, constant_1)
transpose_4: float32[2, B*S] = transpose(mul_3) {permutation: [1, 0]}
reshape_5: float32[2*B*S] = reshape(transpose_4) {shape: [2*B*S]}
shiftRight_6: uint32[5] = shiftRight(constant_2) {amount: 3}
output y = reshape_5
output shifted = shiftRight_6
output again = x
`);
});

test('a builder that goes on where a graph ends takes no name twice', () => {
  const first = new GraphBuilder();
  const y = first.neg(first.input('x', 'float32', ['N']));
  const graph = first.build();
  const next = GraphBuilder.from(graph);
  const z = next.neg(y);
  expect([y.name, z.name]).toEqual(['neg_0', 'neg_1']);
  expect(() => next.input('x', 'float32', [])).toThrow('two values named "x"');
  expect(graph.nodes).toHaveLength(1);
});

test('what changes nothing makes no node', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['B*S', 2]);
  expect([b.reshape(x, ['S*B', 2]), b.expand(x, ['B*S', 2]), b.scale(x, 1), b.reduceSum(x, [])]).toEqual([
    x,
    x,
    x,
    x,
  ]);
  expect(b.nodes).toEqual([]);
});

test('rotary names only what is not the default', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 8]);
  const table = b.input('table', 'float32', [9, 2]);
  const positions = b.input('positions', 'int64', ['N']);
  for (const options of [{}, { headSize: 4, interleaved: false }, { headSize: 8, interleaved: true }]) {
    b.rotary(x, table, table, positions, options);
  }
  expect(b.nodes.map(({ attributes }) => attributes)).toStrictEqual([
    { inverse: false },
    { inverse: false },
    { inverse: false, headSize: 8, interleaved: true },
  ]);
});

type Make = (b: GraphBuilder, input: (dtype: GraphDType, shape: Shape) => Value) => Value;

const f = 'float32';

const refused: readonly (readonly [string, Make, RegExp])[] = [
  ['shapes that do not broadcast', (b, x) => b.add(x(f, ['N', 2]), x(f, [3])), /do not broadcast/],
  [
    'symbols that are not the same',
    (b, x) => b.add(x(f, ['N']), x(f, ['M'])),
    /\[N\] and \[M\] do not broadcast/,
  ],
  ['operands of two types', (b, x) => b.add(x(f, [2]), x('int64', [2])), /expected float32, found int64/],
  ['exp of int64', (b, x) => b.exp(x('int64', [2])), /expected float32, found int64/],
  ['sub of uint32', (b, x) => b.sub(x('uint32', [2]), x('uint32', [2])), /expected float32, found uint32/],
  ['bitXor of floats', (b, x) => b.bitXor(x(f, [2]), x(f, [2])), /expected uint32, found float32/],
  ['a shift by 32 bits', (b, x) => b.shiftRight(x('uint32', [2]), 32), /a shift by 32 bits/],
  ['where by a float', (b, x) => b.where(x(f, [2]), x(f, [2]), x(f, [2])), /expected bool, found float32/],
  ['matmul of a vector', (b, x) => b.matmul(x(f, [2]), x(f, [2, 2])), /matmul wants matrices/],
  [
    'matmul of other inner sizes',
    (b, x) => b.matmul(x(f, [2, 3]), x(f, [2, 3])),
    /inner sizes 3 and 2 differ/,
  ],
  ['gemm with a larger c', (b, x) => b.gemm(x(f, [1, 2]), x(f, [2, 3]), x(f, [4, 3])), /does not fit/],
  ['gemm of batches', (b, x) => b.gemm(x(f, [2, 2, 2]), x(f, [2, 2]), x(f, [2])), /gemm is for matrices/],
  ['a sum over no axis of it', (b, x) => b.reduceSum(x(f, [2]), [1]), /axes 1 are not all axes of \[2\]/],
  ['a negative axis', (b, x) => b.reduceSum(x(f, [2]), [-1]), /axes -1 are not all axes/],
  ['a mean of unknown size', (b, x) => b.reduceMean(x(f, ['N', 2]), [0]), /\[N, 2\]/],
  ['a reshape to another size', (b, x) => b.reshape(x(f, ['N', 4]), ['N', 3]), /has another size than/],
  ['a transpose with an axis twice', (b, x) => b.transpose(x(f, [2, 2]), [0, 0]), /is not a permutation/],
  ['a transpose of other rank', (b, x) => b.transpose(x(f, [2, 2]), [0]), /is not a permutation/],
  ['an expand that shrinks', (b, x) => b.expand(x(f, [3, 2]), [1, 2]), /does not broadcast to/],
  ['a concat of other rows', (b, x) => b.concat([x(f, [2, 2]), x(f, [3, 2])], 1), /differ off axis 1/],
  ['a concat of nothing', (b) => b.concat([], 0), /concat of nothing/],
  ['a slice past the end', (b, x) => b.slice(x(f, [3]), 0, 1, 4), /\[1:4\] is not inside an axis of 3/],
  ['a slice of a symbolic axis', (b, x) => b.slice(x(f, ['N']), 0, 0, 1), /not inside an axis of N/],
  ['a pad of no axis', (b, x) => b.pad(x(f, [3]), 1, 0, 1), /1 is not an axis of \[3\]/],
  ['gather by floats', (b, x) => b.gather(x(f, [3]), x(f, [3])), /expected int64, found float32/],
  ['gather of a scalar', (b, x) => b.gather(x(f, []), x('int64', [3])), /gather wants rows/],
  [
    'updates without their indices',
    (b, x) => b.scatterAdd(x('int64', [3]), x(f, [2, 3]), 4),
    /do not begin with/,
  ],
  [
    'rows of other tokens',
    (b, x) => b.packRows(x(f, ['M', 2]), x('int64', ['B', 'S']), x('int64', ['N']), x(f, ['B', 'S'])),
    /x is \[N, D\], found \[M, 2\]/,
  ],
  [
    'rows of other slots',
    (b, x) => b.unpackRows(x(f, ['B', 'T', 2]), x('int64', ['B', 'S']), x('int64', ['N']), x(f, ['B', 'S'])),
    /y is \[B, S, D\], found \[B, T, 2\]/,
  ],
  [
    'a weight of another width',
    (b, x) => b.rmsNorm(x(f, ['N', 3]), x(f, [2]), 1e-5),
    /does not fit \[N, 3\]/,
  ],
  [
    'a layer norm weight of another width',
    (b, x) => b.layerNorm(x(f, ['N', 3]), x(f, [2]), 1e-5),
    /does not fit \[N, 3\]/,
  ],
  [
    'heads of a given size that do not divide the width',
    (b, x) => b.rotary(x(f, ['N', 8]), x(f, [9, 2]), x(f, [9, 2]), x('int64', ['N']), { headSize: 6 }),
    /dividing 8, found \[9, 2\] and heads of 6/,
  ],
  [
    'more turning features than a head has',
    (b, x) => b.rotary(x(f, ['N', 8]), x(f, [9, 3]), x(f, [9, 3]), x('int64', ['N']), { headSize: 4 }),
    /6 features of a head of 4 can't turn/,
  ],
  [
    'heads that do not divide the width',
    (b, x) => b.rotary(x(f, ['N', 6]), x(f, [9, 2]), x(f, [9, 2]), x('int64', ['N'])),
    /cos and sin are \[M, d\/2\] with d dividing 6/,
  ],
  [
    'a constant of another type',
    (b) => b.constant(hostTensor('int32', [1], Int32Array.of(1))),
    /not for graphs/,
  ],
];

describe('refused at once', () => {
  test.each(refused)('%s', (_name, make, message) => {
    const b = new GraphBuilder();
    let count = 0;
    expect(() => make(b, (dtype, shape) => b.input(`x${count++}`, dtype, shape))).toThrow(message);
    // Nothing of the mistake stays in the graph.
    expect(b.nodes).toEqual([]);
  });
});
