/** @file Every operator: inferred shape = actual shape, reference = ONNX Runtime, gradient = central difference. */
import { describe, expect, test } from 'vitest';
import { appendGradients } from '../../../src/autodiff/gradients.ts';
import { vjpRules } from '../../../src/autodiff/vjp-rules.ts';
import { evaluateDim } from '../../../src/graph/dim.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import type { OpName } from '../../../src/graph/ops.ts';
import type { Tensors } from '../../../src/runtime/backend.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import type { HostTensor } from '../../../src/tensor/host-tensor.ts';
import { centralDifference } from '../../support/central-difference.ts';
import {
  buildCase,
  draw,
  feedsOf,
  finish,
  floats,
  type OpCase,
  relativeError,
  SIZES,
} from '../../support/op-case.ts';
import { opCases } from '../../support/op-cases.ts';
import { sharedBackend } from '../../support/ort-run.ts';

/** A few float32 roundings, relative to the largest entry. */
const FLOAT32_TOLERANCE = 4e-6;
const GRADIENT_TOLERANCE = 1e-6;

const operators = Object.keys(opCases) as OpName[];

async function runOrt(graph: Graph, feeds: Tensors): Promise<Record<string, HostTensor>> {
  const executable = await (await sharedBackend()).compile(graph);
  try {
    return await executable.run(feeds);
  } finally {
    await executable.release();
  }
}

function expectAgreement(ort: HostTensor, reference: HostTensor): void {
  expect(ort.shape).toEqual(reference.shape);
  if (reference.dtype === 'float64') {
    expect(ort.dtype).toBe('float32');
    expect(relativeError(ort, reference)).toBeLessThan(FLOAT32_TOLERANCE);
  } else {
    expect(ort).toEqual(reference);
  }
}

describe.each(operators)('%s', (op) => {
  test('has cases that use it, of different names', () => {
    expect(opCases[op].length).toBeGreaterThan(0);
    expect(new Set(opCases[op].map(({ name }) => name)).size).toBe(opCases[op].length);
    for (const entry of opCases[op]) {
      expect(buildCase(entry).builder.nodes.map((node) => node.op)).toContain(op);
    }
  });

  test.each(opCases[op].map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
    const { builder, output } = buildCase(entry);
    const graph = finish(builder);
    const feeds = feedsOf(entry);
    const { y: reference } = interpret(graph, feeds);
    expect(reference!.shape).toEqual(output.shape.map((dim) => evaluateDim(dim, SIZES)));
    expectAgreement((await runOrt(graph, feeds)).y!, reference!);
    if (entry.inputs.some((input) => input.differentiable)) await checkGradients(op, entry);
  });
});

async function checkGradients(op: OpName, entry: OpCase): Promise<void> {
  const { builder, inputs, output } = buildCase(entry);
  if (output.dtype !== 'float32') return;
  const names = inputs.filter((_, i) => entry.inputs[i]!.differentiable).map(({ name }) => name);
  const wrt = inputs.filter(({ name }) => names.includes(name));
  const seed = builder.input('seed', 'float32', output.shape);
  const append = () => appendGradients(builder, [{ value: output, gradient: seed }], wrt);
  const rule = vjpRules[op];
  if ('notDifferentiable' in rule) {
    expect(append).toThrow(rule.notDifferentiable);
    return;
  }
  append().forEach((gradient, i) => {
    expect([gradient.dtype, gradient.shape]).toEqual(['float32', wrt[i]!.shape]);
    builder.output(`d${names[i]}`, gradient);
  });
  const graph = finish(builder);
  const feeds = { ...feedsOf(entry), seed: draw(floats(output.shape), `${entry.name}, seed`) };
  const gradients = interpret(graph, feeds);
  const ort = await runOrt(graph, feeds);
  for (const name of names) {
    expectAgreement(ort[`d${name}`]!, gradients[`d${name}`]!);
    const { smooth } = entry;
    const numeric = centralDifference(smooth === undefined ? graph : smoothGraph(entry), feeds, name);
    expect(relativeError(gradients[`d${name}`]!, numeric)).toBeLessThan(
      smooth?.tolerance ?? GRADIENT_TOLERANCE,
    );
  }
}

/** What the gradient of a rounding operator is of; its value alone. */
function smoothGraph(entry: OpCase): Graph {
  const { builder, output } = buildCase({ ...entry, make: entry.smooth!.make });
  builder.input('seed', 'float32', output.shape);
  return finish(builder);
}
