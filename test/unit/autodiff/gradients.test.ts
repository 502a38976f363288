import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { splitForwardBackward } from '../../../src/autodiff/split.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Node } from '../../../src/graph/graph.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { numbersOf } from '../../../src/tensor/elements.ts';
import { float32, int64 } from '../../../src/tensor/host-tensor.ts';

// Every operator's rule has its case in test/unit/runtime/op-cases.test.ts; here is what holds between operators.

const feeds = { x: float32([2], [3, -2]), y: float32([2], [5, 7]) };

function start() {
  const b = new GraphBuilder();
  return { b, x: b.input('x', 'float32', [2]), y: b.input('y', 'float32', [2]) };
}

const run = (b: GraphBuilder, given: Parameters<typeof interpret>[1] = feeds) =>
  Object.fromEntries(
    Object.entries(interpret(b.build(), given)).map(([name, tensor]) => [
      name,
      Array.from(numbersOf(tensor)),
    ]),
  );

describe('gradients from graph to graph', () => {
  test('a value that is read several times gets the sum', () => {
    const { b, x, y } = start();
    // x^2 y + x: 2xy + 1
    const value = b.add(b.mul(b.mul(x, x), y), x);
    const [dx, dy] = appendGradients(b, [{ value, gradient: b.constant(float32([2], [1, 1])) }], [x, y]);
    b.output('dx', dx!);
    b.output('dy', dy!);
    expect(run(b)).toEqual({ dx: [31, -27], dy: [9, 4] });
  });

  test('several seeds add up, each with its own gradient', () => {
    const { b, x, y } = start();
    const seeds = [
      { value: b.mul(x, y), gradient: b.constant(float32([2], [1, 2])) },
      { value: b.mul(x, x), gradient: b.constant(float32([2], [10, 0])) },
      { value: x, gradient: b.constant(float32([2], [100, 100])) },
    ];
    b.output('dx', appendGradients(b, seeds, [x])[0]!);
    expect(run(b)).toEqual({ dx: [5 + 60 + 100, 14 + 0 + 100] });
  });

  test('with respect to a value in the middle, and to one that nothing depends on', () => {
    const { b, x, y } = start();
    const middle = b.mul(x, x);
    const value = b.mul(middle, middle);
    const wrt = appendGradients(b, [{ value, gradient: b.constant(float32([2], [1, 1])) }], [middle, y]);
    b.output('dmiddle', wrt[0]!);
    b.output('dy', wrt[1]!);
    expect(run(b)).toEqual({ dmiddle: [18, 8], dy: [0, 0] });
  });

  test('no gradient is made of what was not asked for', () => {
    const { b, x, y } = start();
    const value = b.mul(x, b.exp(y));
    const before = b.nodes.length;
    appendGradients(b, [{ value, gradient: b.constant(float32([2], [1, 1])) }], [x]);
    const ops = b.nodes.slice(before).map(({ op }) => op);
    expect(ops.filter((op) => op !== 'constant')).toEqual(['mul']);
  });

  test('none comes through a stop, and beside it all does', () => {
    const { b, x, y } = start();
    // x stop(x y): the gradient of x alone is x y.
    const value = b.mul(x, b.stopGradient(b.mul(x, y)));
    const ones = b.constant(float32([2], [1, 1]));
    const [dx, dy] = appendGradients(b, [{ value, gradient: ones }], [x, y]);
    b.output('dx', dx!);
    b.output('dy', dy!);
    expect(run(b)).toEqual({ dx: [15, -14], dy: [0, 0] });
  });

  test('a gradient through what has none is our own bug; beside it all is well', () => {
    const { b, x, y } = start();
    const gradient = b.constant(float32([1], [1]));
    expect(() => appendGradients(b, [{ value: b.reduceMax(x, [0], true), gradient }], [x])).toThrow(
      'not differentiable',
    );
    // Which row is read has no gradient, but what is read has.
    const rows = b.input('rows', 'int64', [1]);
    b.output('dy', appendGradients(b, [{ value: b.gather(y, rows), gradient }], [y])[0]!);
    expect(run(b, { ...feeds, rows: int64([1], [1]) })).toEqual({ dy: [0, 1] });
  });
});

describe('forward and backward as two graphs', () => {
  /** y = exp(x^2) as forward, dx = g y 2x as backward. */
  function joint() {
    const { b, x, y: g } = start();
    const value = b.exp(b.mul(x, x));
    b.output('value', value);
    b.output('dx', appendGradients(b, [{ value, gradient: g }], [x])[0]!);
    return b.build();
  }

  const split = (keep: (node: Node) => boolean) => splitForwardBackward(joint(), new Set(['dx']), keep);

  test('everything kept: the backward graph computes nothing of the forward again', () => {
    const { forward, backward, kept } = split(() => true);
    const forwardOps = forward.nodes.map(({ op }) => op);
    expect(forwardOps).toEqual(['mul', 'exp']);
    expect(backward.nodes.map(({ op }) => op)).not.toContain('exp');
    // x^2 itself is read by nothing in the backward pass.
    expect(kept).toEqual(forward.nodes.filter(({ op }) => op === 'exp').map(({ output }) => output.name));
    expect(backward.inputs.map(({ name }) => name).toSorted()).toEqual([...kept, 'x', 'y'].toSorted());
  });

  test('nothing kept: it computes again what it needs, from the inputs alone', () => {
    const { forward, backward, kept } = split(() => false);
    expect(kept).toEqual([]);
    expect(forward.outputs.map(({ name }) => name)).toEqual(['value']);
    expect(forward.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(backward.nodes.map(({ op }) => op)).toContain('exp');
    expect(backward.inputs.map(({ name }) => name)).toEqual(['x', 'y']);
  });

  test('either way both give what one graph gives', () => {
    const expected = interpret(joint(), feeds);
    for (const keep of [() => true, () => false, ({ op }: Node) => op === 'mul']) {
      const { forward, backward } = split(keep);
      const first = interpret(forward, feeds);
      const second = interpret(backward, { ...feeds, ...first });
      expect([first.value, second.dx]).toEqual([expected.value, expected.dx]);
    }
  });
});
