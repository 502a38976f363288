/** @file What each pass does to a small graph, and what it must leave alone. That results stay is tested elsewhere. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Graph, Value } from '../../../src/graph/graph.ts';
import { eliminateCommonSubexpressions } from '../../../src/graph/passes/common-subexpressions.ts';
import { eliminateDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { dropUnusedInputs } from '../../../src/graph/passes/drop-unused-inputs.ts';
import { foldConstants } from '../../../src/graph/passes/fold-constants.ts';
import { fuseGemm } from '../../../src/graph/passes/fuse-gemm.ts';
import { optimize } from '../../../src/graph/passes/optimize.ts';
import { simplify } from '../../../src/graph/passes/simplify.ts';
import { printGraph } from '../../../src/graph/print.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';
import { float32, hostTensor } from '../../../src/tensor/host-tensor.ts';

interface Operands {
  readonly x: Value; // [N, 4]
  readonly y: Value; // [N, 4]
  readonly w: Value; // [4, 4]
  readonly row: Value; // [4]
}

/** A graph whose outputs are y0, y1 ... */
function graphOf(make: (b: GraphBuilder, operands: Operands) => Value | readonly Value[]): Graph {
  const b = new GraphBuilder();
  const made = make(b, {
    x: b.input('x', 'float32', ['N', 4]),
    y: b.input('y', 'float32', ['N', 4]),
    w: b.input('w', 'float32', [4, 4]),
    row: b.input('row', 'float32', [4]),
  });
  const outputs = 'name' in made ? [made] : made;
  for (const [i, value] of outputs.entries()) b.output(`y${i}`, value);
  return verifyGraph(b.build());
}

/** Nodes (constants left out) and outputs, without types. */
function listing(graph: Graph): string[] {
  return printGraph(verifyGraph(graph))
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('input') && !line.includes('constant()'))
    .map((line) => line.replace(/: \w+\[[^\]]*\] =/, ' ='));
}

describe('dead code', () => {
  test('goes, with what only it read; inputs stay', () => {
    const graph = graphOf((b, { x, y }) => {
      b.exp(b.neg(y));
      return b.neg(x);
    });
    const clean = eliminateDeadCode(graph);
    expect(listing(clean)).toEqual(['neg_2 = neg(x)', 'output y0 = neg_2']);
    expect(clean.inputs).toBe(graph.inputs);
    expect(eliminateDeadCode(clean)).toBe(clean);
  });
});

describe('unused inputs', () => {
  test('go, unless they alone give a size its value', () => {
    const b = new GraphBuilder();
    const flat = b.input('flat', 'float32', ['B*S', 2]);
    b.input('unused', 'float32', ['M']);
    b.input('mask', 'float32', ['B', 'S']);
    b.input('another', 'float32', ['S', 'B']);
    b.output('y', b.reshape(flat, ['B', 'S', 2]));
    const graph = verifyGraph(b.build());
    expect(dropUnusedInputs(graph).inputs.map(({ name }) => name)).toEqual(['flat', 'mask']);
  });

  test('an input that is an output is used', () => {
    const graph = graphOf((_b, { x }) => x);
    expect(dropUnusedInputs(graph).inputs.map(({ name }) => name)).toEqual(['x']);
  });
});

describe('common subexpressions', () => {
  test('the first stays; a chain of equals is one', () => {
    const graph = graphOf((b, { x, y }) => [b.exp(b.add(x, y)), b.exp(b.add(y, x))]);
    expect(listing(eliminateCommonSubexpressions(graph))).toEqual([
      'add_0 = add(x, y)',
      'exp_1 = exp(add_0)',
      'output y0 = exp_1',
      'output y1 = exp_1',
    ]);
  });

  test.each<[string, (b: GraphBuilder, operands: Operands) => Value[]]>([
    ['the order of a difference', (b, { x, y }) => [b.sub(x, y), b.sub(y, x)]],
    ['the order of a product of matrices', (b, { w }) => [b.matmul(b.neg(w), w), b.matmul(w, b.neg(w))]],
    ['an attribute', (b, { w }) => [b.matmul(w, w), b.matmul(w, w, { transposeB: true })]],
    ['a factor', (b, { w }) => [b.matmul(w, w, { alpha: 2 }), b.matmul(w, w, { alpha: 3 })]],
    [
      'a permutation',
      (b, { w }) => {
        const cube = b.reshape(w, [2, 2, 4]);
        return [b.transpose(cube, [2, 0, 1]), b.transpose(cube, [1, 2, 0])];
      },
    ],
    ['the shape', (b, { w }) => [b.reshape(w, [2, 8]), b.reshape(w, [8, 2])]],
    ['the operator', (b, { x }) => [b.softmax(x), b.logSoftmax(x)]],
  ])('%s tells two nodes apart', (_name, make) => {
    const [first, second] = eliminateCommonSubexpressions(graphOf(make)).outputs;
    expect(first!.value.name).not.toBe(second!.value.name);
  });

  test('constants by type, shape and bits', () => {
    const b = new GraphBuilder();
    const constants = [
      float32([2], [1, 2]),
      float32([2], [1, 2]),
      float32([1, 2], [1, 2]),
      float32([2], [1, 3]),
      float32([2], [0, 0]),
      float32([2], [0, -0]),
      hostTensor('uint32', [2], Uint32Array.of(0, 0)),
    ];
    for (const [i, value] of constants.entries()) b.output(`y${i}`, b.constant(value));
    const { nodes, outputs } = eliminateCommonSubexpressions(b.build());
    expect(nodes).toHaveLength(6);
    expect(outputs[1]!.value).toBe(outputs[0]!.value);
  });

  test('a constant that is a view of a larger buffer is its own elements only', () => {
    const buffer = Float32Array.of(1, 2, 1, 3);
    const b = new GraphBuilder();
    b.output('a', b.constant(hostTensor('float32', [2], buffer.subarray(0, 2))));
    b.output('b', b.constant(hostTensor('float32', [2], buffer.subarray(2))));
    expect(eliminateCommonSubexpressions(b.build()).nodes).toHaveLength(2);
  });
});

describe('folding', () => {
  const folded = (make: (b: GraphBuilder, operands: Operands) => Value) => {
    const node = foldConstants(graphOf(make)).nodes.at(-1)!;
    return node.op === 'constant' ? node.attributes.value : undefined;
  };

  test('through chains, broadcasting', () => {
    expect(
      folded((b) =>
        b.mul(b.neg(b.constant(float32([2, 2], [1, 2, 3, 4]))), b.constant(float32([2], [2, 0.5]))),
      ),
    ).toEqual(float32([2, 2], [-2, -1, -6, -2]));
  });

  test('of uint32, wrapping', () => {
    expect(folded((b) => b.mul(b.uint32(0x85ebca6b), b.uint32(0x9e3779b1)))).toEqual(
      hostTensor('uint32', [], Uint32Array.of(Number((0x85ebca6bn * 0x9e3779b1n) & 0xffffffffn))),
    );
    expect(folded((b) => b.bitXor(b.uint32(0xffffffff), b.shiftRight(b.uint32(0x80000000), 31)))).toEqual(
      hostTensor('uint32', [], Uint32Array.of(0xfffffffe)),
    );
  });

  test('of comparisons and choices', () => {
    const value = folded((b) =>
      b.where(b.less(b.constant(float32([2], [1, 3])), b.scalar(2)), b.scalar(5), b.scalar(6)),
    );
    expect(value).toEqual(float32([2], [5, 6]));
  });

  test('of reshaped and transposed constants', () => {
    const matrix = float32([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(folded((b) => b.transpose(b.constant(matrix), [1, 0]))).toEqual(
      float32([3, 2], [1, 4, 2, 5, 3, 6]),
    );
    expect(folded((b) => b.reshape(b.constant(matrix), [3, 2]))).toEqual(float32([3, 2], [1, 2, 3, 4, 5, 6]));
  });

  test('not where float32 would round', () => {
    expect(folded((b) => b.mul(b.scalar(0.1), b.scalar(0.1)))).toBeUndefined();
    expect(folded((b) => b.exp(b.scalar(1)))).toBeUndefined();
    expect(folded((b) => b.exp(b.scalar(0)))).toEqual(float32([], [1]));
  });

  test('not into something larger', () => {
    const column = float32([3, 1], [1, 2, 3]);
    expect(folded((b) => b.add(b.constant(column), b.constant(float32([3], [1, 2, 3]))))).toBeUndefined();
  });

  test('not where an operand is no constant', () => {
    expect(folded((b, { row }) => b.add(row, b.scalar(1)))).toBeUndefined();
  });
});

describe('identities', () => {
  const shortcuts: Readonly<Record<string, (b: GraphBuilder, operands: Operands) => Value>> = {
    'x + 0': (b, { x }) => b.add(x, b.scalar(0)),
    '0 + x': (b, { x }) => b.add(b.constant(float32([1, 4], [0, 0, 0, 0])), x),
    'x + zeros of its size': (b, { x }) => b.add(x, b.expand(b.scalar(0), ['N', 4])),
    'x - 0': (b, { x }) => b.sub(x, b.scalar(0)),
    'x * 1': (b, { x }) => b.mul(x, b.scalar(1)),
    '1 * x': (b, { x }) => b.mul(b.scalar(1), x),
    'x / 1': (b, { x }) => b.div(x, b.scalar(1)),
    '-(-x)': (b, { x }) => b.neg(b.neg(x)),
    'x^1': (b, { x }) => b.pow(x, 1),
    'c ? x : x': (b, { x, y }) => b.where(b.less(x, y), x, x),
    'cast to its own type': (b, { x }) => b.cast(x, 'float32'),
    'transposed twice': (b, { x }) => b.transpose(b.transpose(x, [1, 0]), [1, 0]),
    'turned three times': (b, { x }) => {
      let cube = b.reshape(x, ['N', 2, 2]);
      for (let i = 0; i < 3; i++) cube = b.transpose(cube, [1, 2, 0]);
      return b.reshape(cube, ['N', 4]);
    },
    'reshaped and back': (b, { x }) => b.reshape(b.reshape(x, ['4*N']), ['N', 4]),
    'concat of one': (b, { x }) => b.concat([x], 1),
    'a slice of all': (b, { x }) => b.slice(x, 1, 0, 4),
    'a pad by nothing': (b, { x }) => b.pad(x, 1, 0, 0),
    'a sum over no axes': (b, { x }) => b.apply('reduceSum', [x], { axes: [], keepDims: false }),
    'a sum over an axis of one': (b, { x }) => b.reduceSum(b.reshape(x, ['N', 1, 4]), [1]),
  };

  test.each(Object.entries(shortcuts))('%s is x', (_name, make) => {
    // Rules see one node at a time: a second and third look may be needed.
    const graph = [simplify, simplify, simplify].reduce(
      (current, pass) => verifyGraph(pass(current)),
      graphOf(make),
    );
    expect(graph.outputs[0]!.value.name).toBe('x');
  });

  const rewritten: readonly (readonly [string, (b: GraphBuilder, operands: Operands) => Value, string])[] = [
    ['x + (-y)', (b, { x, y }) => b.add(x, b.neg(y)), 'sub(x, y)'],
    ['(-x) + y', (b, { x, y }) => b.add(b.neg(x), y), 'sub(y, x)'],
    ['x - (-y)', (b, { x, y }) => b.sub(x, b.neg(y)), 'add(x, y)'],
    ['0 - y', (b, { y }) => b.sub(b.scalar(0), y), 'neg(y)'],
    ['x * -1', (b, { x }) => b.mul(x, b.scalar(-1)), 'neg(x)'],
    ['(-x)(-y)', (b, { x, y }) => b.mul(b.neg(x), b.neg(y)), 'mul(x, y)'],
    [
      'two broadcasts',
      (b, { row }) => b.expand(b.expand(row, [2, 4]), [3, 2, 4]),
      'expand(row) {shape: [3, 2, 4]}',
    ],
    [
      'a broadcast that the sum does itself',
      (b, { x, row }) => b.add(x, b.expand(row, ['N', 4])),
      'add(x, row)',
    ],
    [
      'a transposed factor',
      (b, { x, w }) => b.matmul(x, b.transpose(w, [1, 0])),
      'matmul(x, w) {transposeB: true}',
    ],
    [
      'a factor transposed twice',
      (b, { x }) => b.matmul(b.transpose(x, [1, 0]), x, { transposeA: true, transposeB: true }),
      'matmul(x, x) {transposeA: false, transposeB: true}',
    ],
    [
      'a factor of gemm',
      (b, { x, w, row }) => b.gemm(x, b.transpose(w, [1, 0]), row),
      'gemm(x, w, row) {transposeB: true}',
    ],
  ];

  test.each(rewritten)('%s', (_name, make, expected) => {
    const graph = eliminateDeadCode(simplify(graphOf(make)));
    expect(listing(graph).at(-2)).toMatch(/ = /);
    expect(listing(graph).at(-2)!.split(' = ')[1]).toBe(expected);
  });

  test.each<[string, (b: GraphBuilder, operands: Operands) => Value]>([
    [
      'a sum with zeros that makes it larger',
      (b, { row }) => b.add(row, b.constant(float32([2, 1], [0, 0]))),
    ],
    [
      'a product with ones that makes it larger',
      (b, { row }) => b.mul(row, b.constant(float32([2, 1], [1, 1]))),
    ],
    ['two broadcasts added', (b, { row }) => b.add(b.expand(row, [2, 4]), b.expand(b.scalar(3), [2, 4]))],
    ['x * 0, which may be NaN', (b, { x }) => b.mul(x, b.scalar(0))],
    [
      'a batch turned, not transposed',
      (b, { w }) => {
        const cube = b.reshape(w, [2, 2, 4]);
        return b.matmul(b.transpose(cube, [1, 0, 2]), b.reshape(w, [2, 4, 2]));
      },
    ],
    ['x + constants not all 0', (b, { x }) => b.add(x, b.constant(float32([4], [0, 0, 0, 1])))],
  ])('%s stays', (_name, make) => {
    const graph = graphOf(make);
    const simple = optimize(graph);
    expect(simple.outputs[0]!.value.shape).toEqual(graph.outputs[0]!.value.shape);
    expect(simple.nodes.map(({ op }) => op)).toContain(graph.nodes.at(-1)!.op);
  });
});

describe('gemm', () => {
  test('an update rides on its product, the factor kept', () => {
    const graph = graphOf((b, { x, w }) =>
      b.add(b.matmul(x, w), b.matmul(x, w, { transposeB: true, alpha: 4 })),
    );
    expect(listing(eliminateDeadCode(fuseGemm(graph)))).toEqual([
      'matmul_0 = matmul(x, w)',
      'add_2 = gemm(x, w, matmul_0) {transposeB: true, alpha: 4}',
      'output y0 = add_2',
    ]);
  });

  test('the product may come first', () => {
    const graph = graphOf((b, { x, y, w }) => b.add(b.matmul(x, w), y));
    expect(listing(eliminateDeadCode(fuseGemm(graph)))[0]).toBe('add_1 = gemm(x, w, y)');
  });

  test('a running sum of products is a chain', () => {
    const graph = graphOf((b, { x, y, w }) => b.add(b.add(y, b.matmul(x, w)), b.matmul(y, w)));
    expect(listing(eliminateDeadCode(fuseGemm(graph))).slice(0, 2)).toEqual([
      'add_1 = gemm(x, w, y)',
      'add_3 = gemm(y, w, add_1)',
    ]);
  });

  test.each<[string, (b: GraphBuilder, operands: Operands) => Value | Value[]]>([
    [
      'a product read twice',
      (b, { x, y, w }) => {
        const product = b.matmul(x, w);
        return [b.add(product, y), b.neg(product)];
      },
    ],
    [
      'a product added to itself',
      (b, { x, w }) => {
        const product = b.matmul(x, w);
        return b.add(product, product);
      },
    ],
    [
      'a product that is an output',
      (b, { x, y, w }) => {
        const product = b.matmul(x, w);
        return [b.add(product, y), product];
      },
    ],
    ['a broadcast row', (b, { x, w, row }) => b.add(b.matmul(x, w), row)],
    [
      'batches',
      (b, { w }) => {
        const cube = b.reshape(w, [4, 2, 2]);
        return b.add(b.matmul(cube, cube), cube);
      },
    ],
  ])('not with %s', (_name, make) => {
    const graph = graphOf(make);
    expect(fuseGemm(graph)).toBe(graph);
  });
});

test('optimize runs to the end: each pass makes work for another', () => {
  const graph = graphOf((b, { x, y, w }) => {
    // 2 * 0.5 folds to 1, y * 1 is y, both products are then one, their difference stays.
    const one = b.mul(b.scalar(2), b.scalar(0.5));
    const first = b.matmul(x, b.transpose(w, [1, 0]));
    const second = b.matmul(b.neg(b.neg(x)), w, { transposeB: true });
    return [b.add(first, b.mul(y, one)), b.add(y, second)];
  });
  expect(listing(optimize(graph))).toEqual([
    'add_9 = gemm(x, w, y) {transposeB: true}',
    'output y0 = add_9',
    'output y1 = add_9',
  ]);
});

test('optimize refuses a broken graph', () => {
  const graph = graphOf((b, { x }) => b.exp(b.neg(x)));
  expect(() => optimize({ ...graph, nodes: graph.nodes.toReversed() })).toThrow(/before it is made/);
});
