/** @file Common-subexpression elimination: of nodes that compute the same from the same, the first stays. */
import { createHash } from 'node:crypto';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { OpName } from '../ops.ts';
import { rewrite } from './rewrite.ts';

export function eliminateCommonSubexpressions(graph: Graph): Graph {
  const known = new Map<string, Value>();
  return rewrite(graph, (node) => {
    const key = structure(node);
    const first = known.get(key);
    if (first === undefined) known.set(key, node.output);
    return first;
  });
}

const COMMUTATIVE: ReadonlySet<OpName> = new Set<OpName>(['add', 'mul', 'bitXor']);

/** Equal for nodes that compute the same. */
function structure(node: Node): string {
  const operands = node.inputs.map(({ name }) => name);
  if (COMMUTATIVE.has(node.op)) operands.sort();
  const attributes =
    node.op === 'constant'
      ? fingerprint(node.attributes.value)
      : Object.entries(node.attributes)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([node.op, operands, attributes]);
}

/** Passes see the same constants again and again: each is read once. */
const fingerprints = new WeakMap<HostTensor, string>();

/** Equal for constants of the same type, shape and bits. */
function fingerprint(tensor: HostTensor): string {
  const known = fingerprints.get(tensor);
  if (known !== undefined) return known;
  const { dtype, shape, data } = tensor;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const result = `${dtype}[${shape.join(',')}]${createHash('sha256').update(bytes).digest('hex')}`;
  fingerprints.set(tensor, result);
  return result;
}
