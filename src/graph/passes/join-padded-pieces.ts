/**
 * @file Sums of pieces that do not meet. The gradient of a value that is read in slices is a sum of pieces, each padded with
 * zeros to the whole:
 *
 *   pad(x, 0, |y|) + pad(y, |x|, 0) = concat(x, y)
 *
 * which writes and reads every element once in place of once a piece.
 */
import { addDims, type Dim, sameShape } from '../dim.ts';
import type { Graph, Node, NodeOf, Value } from '../graph.ts';

export function joinPaddedPieces(graph: Graph): Graph {
  // Filled on the way: a sum that became one larger piece is joined with the next.
  const producers = new Map<string, Node>();
  let changed = false;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const joined = node.op === 'add' ? join(node, producers) : undefined;
    for (const made of joined ?? [node]) producers.set(made.output.name, made);
    changed ||= joined !== undefined;
    return joined ?? [node];
  });
  return changed ? { ...graph, nodes } : graph;
}

function join(sum: NodeOf<'add'>, producers: ReadonlyMap<string, Node>): Node[] | undefined {
  const [a, b] = sum.inputs.map((input) => producers.get(input.name));
  if (a?.op !== 'pad' || b?.op !== 'pad' || a.attributes.axis !== b.attributes.axis) return undefined;
  // The sum of two shapes that differ repeats elements.
  if (!sameShape(a.output.shape, b.output.shape)) return undefined;
  if (endOf(a) === b.attributes.before) return joinInOrder(sum, a, b);
  if (endOf(b) === a.attributes.before) return joinInOrder(sum, b, a);
  return undefined;
}

/** Where a piece ends in the whole. */
const endOf = ({ inputs: [x], attributes: { axis, before } }: NodeOf<'pad'>): Dim =>
  addDims(before, x!.shape[axis]!);

function joinInOrder(sum: NodeOf<'add'>, first: NodeOf<'pad'>, second: NodeOf<'pad'>): Node[] {
  const [x, y] = [first.inputs[0]!, second.inputs[0]!];
  const { axis, before } = first.attributes;
  const { after } = second.attributes;
  const size = addDims(x.shape[axis]!, y.shape[axis]!);
  const output: Value = {
    name: `${sum.output.name}_joined`,
    dtype: sum.output.dtype,
    shape: x.shape.with(axis, size),
  };
  return [
    { op: 'concat', inputs: [x, y], attributes: { axis }, output },
    { op: 'pad', inputs: [output], attributes: { axis, before, after }, output: sum.output },
  ];
}
