/** @file What ONNX Runtime complains of, in our words: memory is the user's to mend, anything else is a bug of ours. */
import { VultuneError } from '../../base/errors.ts';
import type { Graph } from '../../graph/graph.ts';

export function compileError(cause: unknown): Error {
  return (
    outOfMemory(cause) ??
    new Error(`internal error: ONNX Runtime refuses a graph: ${messageOf(cause)}`, { cause })
  );
}

/** Names the node of the IR; ONNX nodes are called after the value they belong to. */
export function runError(graph: Graph, cause: unknown): Error {
  const memory = outOfMemory(cause);
  if (memory !== undefined) return memory;
  const name = /Name:'([^']*)'/.exec(messageOf(cause))?.[1];
  const node = graph.nodes.find(({ output }) => output.name === name || output.name === name?.split('/')[0]);
  const output = graph.outputs.find((entry) => entry.name === name);
  const place =
    node !== undefined ? ` at ${node.output.name} (${node.op})` : output ? ` at output ${name}` : '';
  return new Error(`internal error: ONNX Runtime failed${place}: ${messageOf(cause)}`, { cause });
}

function outOfMemory(cause: unknown): VultuneError | undefined {
  if (!/failed to allocate memory|bad_alloc|bad allocation|out of memory/i.test(messageOf(cause)))
    return undefined;
  return new VultuneError('OUT_OF_MEMORY', 'there is not enough memory for this graph', {
    hint: 'make tokens_per_batch smaller, or cut the model per block (cut: block)',
    exitCode: 1,
    cause,
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
