/**
 * @file The row sums in the gradient of softmax attention, over few columns instead of many. With G = A B^T:
 *
 *   sum_j G_ij Y_ij = sum_j sum_d A_id B_jd Y_ij = sum_d A_id (Y B)_id
 *
 * so where Y B is computed anyway (attention's output), a product of [.., S, S] and its sum become one of [.., S, d]
 * (FlashAttention computes its backward pass so; Dao et al. 2022, eq. 4 of section B.2).
 */
import type { Graph, Node, NodeOf, Value } from '../graph.ts';

export function shortenRowSums(graph: Graph): Graph {
  // Filled on the way: only what is made before a node can serve it.
  const producers = new Map<string, Node>();
  let changed = false;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    producers.set(node.output.name, node);
    const shorter = node.op === 'reduceSum' ? shorten(node, producers) : undefined;
    if (shorter === undefined) return [node];
    changed = true;
    return shorter;
  });
  return changed ? { ...graph, nodes } : graph;
}

function shorten(sum: NodeOf<'reduceSum'>, producers: ReadonlyMap<string, Node>): Node[] | undefined {
  const rank = sum.inputs[0]!.shape.length;
  const elementwise = producers.get(sum.inputs[0]!.name);
  const isRowSum = sum.attributes.axes.length === 1 && sum.attributes.axes[0] === rank - 1;
  if (!isRowSum || elementwise?.op !== 'mul') return undefined;
  const [left, right] = elementwise.inputs;
  return shortenProduct(sum, left!, right!, producers) ?? shortenProduct(sum, right!, left!, producers);
}

/** With g = a b^T and the product y b in the graph: sum(a * (y b)). */
function shortenProduct(
  sum: NodeOf<'reduceSum'>,
  g: Value,
  y: Value,
  producers: ReadonlyMap<string, Node>,
): Node[] | undefined {
  const product = producers.get(g.name);
  if (product?.op !== 'matmul' || !isPlain(product) || product.attributes.transposeB !== true)
    return undefined;
  const [a, b] = product.inputs;
  // Broadcast operands would be summed over other axes as well.
  if (g.shape.join() !== y.shape.join()) return undefined;
  const mixed = [...producers.values()].find(
    (node) =>
      node.op === 'matmul' &&
      isPlain(node) &&
      node.attributes.transposeB !== true &&
      node.inputs[0]!.name === y.name &&
      node.inputs[1]!.name === b!.name,
  );
  if (mixed === undefined || mixed.output.shape.join() !== a!.shape.join()) return undefined;
  const shape = mixed.output.shape;
  const output: Value = { name: `${sum.output.name}_short`, dtype: 'float32', shape };
  return [
    { op: 'mul', inputs: [a!, mixed.output], attributes: {}, output },
    { ...sum, inputs: [output] },
  ];
}

const isPlain = ({ attributes: { transposeA = false, alpha = 1 } }: NodeOf<'matmul'>) =>
  !transposeA && alpha === 1;
