/** @file Gradients by running a graph twice for each element of an input, in float64. */
import type { Graph } from '../../src/graph/graph.ts';
import type { Tensors } from '../../src/runtime/backend.ts';
import { interpret } from '../../src/runtime/reference/reference-backend.ts';
import { numbersOf } from '../../src/tensor/elements.ts';
import { type HostTensor, hostTensor } from '../../src/tensor/host-tensor.ts';

/** Small enough for the third derivative not to show, large enough for rounding not to. */
const STEP = 1e-5;

/** d <seed, y> / d input, of the graph's output y and its input `seed`: (f(x + h) - f(x - h)) / 2h. */
export function centralDifference(graph: Graph, feeds: Tensors, input: string): HostTensor {
  const x = feeds[input]!;
  const value: Graph = { ...graph, outputs: graph.outputs.filter(({ name }) => name === 'y') };
  const objective = (values: Float64Array) => {
    const y = interpret(value, { ...feeds, [input]: hostTensor('float64', x.shape, values) }).y!;
    const [elements, weights] = [numbersOf(y), numbersOf(feeds.seed!)];
    let sum = 0;
    for (let i = 0; i < elements.length; i++) sum += elements[i]! * weights[i]!;
    return sum;
  };
  const at = Float64Array.from(numbersOf(x));
  const gradient = at.map((center, i) => {
    const h = STEP * Math.max(1e-2, Math.abs(center));
    const [above, below] = [center + h, center - h];
    // The step as rounded: above - below is not exactly 2h.
    return (objective(at.with(i, above)) - objective(at.with(i, below))) / (above - below);
  });
  return hostTensor('float64', x.shape, gradient);
}
