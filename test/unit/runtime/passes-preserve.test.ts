/** @file Passes never change what a graph computes, nor do they touch the graph they are given. Random graphs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { splitForwardBackward } from '../../../src/autodiff/split.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import type { OpName } from '../../../src/graph/ops.ts';
import { eliminateCommonSubexpressions } from '../../../src/graph/passes/common-subexpressions.ts';
import { eliminateDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { dropUnusedInputs } from '../../../src/graph/passes/drop-unused-inputs.ts';
import { foldConstants } from '../../../src/graph/passes/fold-constants.ts';
import { fuseGemm } from '../../../src/graph/passes/fuse-gemm.ts';
import { optimize } from '../../../src/graph/passes/optimize.ts';
import { simplify } from '../../../src/graph/passes/simplify.ts';
import { printGraph } from '../../../src/graph/print.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { relativeError } from '../../support/op-case.ts';
import { opCases } from '../../support/op-cases.ts';
import { type RandomGraph, randomGraph, steps } from '../../support/random-graph.ts';

const passes = {
  eliminateDeadCode,
  foldConstants,
  simplify,
  eliminateCommonSubexpressions,
  fuseGemm,
  dropUnusedInputs,
  optimize,
};

const TOLERANCE = 1e-9;

/** Adds the gradients of the sum of all outputs. */
function withGradients({ builder, outputs, parameters }: RandomGraph): Graph {
  const seeds = outputs.map((value) => ({ value, gradient: builder.expand(builder.scalar(1), value.shape) }));
  const gradients = appendGradients(builder, seeds, parameters);
  for (const [i, gradient] of gradients.entries()) builder.output(`d${parameters[i]!.name}`, gradient);
  return builder.build();
}

function expectSameOutputs(changed: Graph, original: Graph, feeds: RandomGraph['feeds']): void {
  const expected = interpret(original, feeds);
  const actual = interpret(changed, feeds);
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const name of Object.keys(expected)) {
    expect(actual[name]!.shape).toEqual(expected[name]!.shape);
    expect(relativeError(actual[name]!, expected[name]!)).toBeLessThan(TOLERANCE);
  }
}

function expectPreserved(pass: (graph: Graph) => Graph, graph: Graph, feeds: RandomGraph['feeds']): void {
  const before = printGraph(verifyGraph(graph));
  const changed = verifyGraph(pass(graph));
  expect(printGraph(graph)).toBe(before);
  expectSameOutputs(changed, graph, feeds);
  expect(changed.nodes.length).toBeLessThanOrEqual(graph.nodes.length);
}

describe.each(Object.entries(passes))('%s', (_name, pass) => {
  test('keeps the outputs of random graphs', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const random = randomGraph(program, { differentiable: false });
        expectPreserved(pass, random.builder.build(), random.feeds);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps their gradients', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const random = randomGraph(program, { differentiable: true });
        expectPreserved(pass, withGradients(random), random.feeds);
      }),
      { numRuns: 30 },
    );
  });
});

test('what is optimised already stays the same graph', () => {
  fc.assert(
    fc.property(steps, (program) => {
      const once = optimize(withGradients(randomGraph(program, { differentiable: true })));
      expect(optimize(once)).toBe(once);
    }),
    { numRuns: 30 },
  );
});

test('cut into forward and backward, an optimised graph computes the same', () => {
  fc.assert(
    fc.property(steps, fc.nat(6), (program, keptPart) => {
      const random = randomGraph(program, { differentiable: true });
      const graph = withGradients(random);
      const names = new Set(random.parameters.map(({ name }) => `d${name}`));
      // From nothing kept to everything kept.
      const keep = (node: Node) => node.output.name.length % 6 < keptPart;
      const { forward, backward } = splitForwardBackward(optimize(graph), names, keep);
      const first = interpret(optimize(forward), random.feeds);
      const second = interpret(optimize(backward), { ...random.feeds, ...first });
      const expected = interpret(graph, random.feeds);
      for (const [name, tensor] of Object.entries(expected)) {
        expect(relativeError((names.has(name) ? second : first)[name]!, tensor)).toBeLessThan(TOLERANCE);
      }
    }),
    { numRuns: 40 },
  );
});

test('random graphs use every operator', () => {
  const used = new Set<OpName>();
  for (const program of fc.sample(steps, { numRuns: 300, seed: 1 })) {
    for (const { op } of randomGraph(program, { differentiable: false }).builder.nodes) used.add(op);
  }
  expect(Object.keys(opCases).filter((op) => !used.has(op as OpName))).toEqual([]);
});
