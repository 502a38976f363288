/** @file One compiled graph: checks what it is given, hands memory to ONNX Runtime and back without copying. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { invariant } from '../../base/errors.ts';
import { evaluateDim, formatShape } from '../../graph/dim.ts';
import type { Graph, GraphOutput } from '../../graph/graph.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import type { Executable, Tensors } from '../backend.ts';
import { bindSizes } from '../bind-sizes.ts';
import { runError } from './ort-errors.ts';
import { fromOrtTensor, toOrtTensor } from './tensors.ts';

export class OrtExecutable implements Executable {
  readonly graph: Graph;
  #session: InferenceSession | undefined;

  constructor(graph: Graph, session: InferenceSession) {
    this.graph = graph;
    this.#session = session;
  }

  /**
   * Runs that overlap in time are done one after the other: ONNX Runtime's binding computes on the thread that calls it
   * (and blocks it), with its own threads beside.
   */
  async run(feeds: Tensors, into: Tensors = {}): Promise<Record<string, HostTensor>> {
    const session = this.#session;
    invariant(session !== undefined, 'the graph has been released');
    const sizes = bindSizes(this.graph, feeds);
    const given: Record<string, Tensor> = {};
    for (const { name } of this.graph.inputs) given[name] = toOrtTensor(feeds[name]!);
    // ONNX outputs have the order of the graph's, and nearly always their names.
    const fetches: Record<string, Tensor | null> = {};
    this.graph.outputs.forEach((output, i) => {
      const target = into[output.name];
      if (target !== undefined) requireFit(output, target, sizes);
      fetches[session.outputNames[i]!] = target === undefined ? null : toOrtTensor(target);
    });
    try {
      const made = await session.run(given, fetches);
      return Object.fromEntries(
        // The binding copies a preallocated output once more; the copy is dropped, the caller's tensor is returned.
        this.graph.outputs.map(({ name }, i) => [
          name,
          into[name] ?? fromOrtTensor(made[session.outputNames[i]!]!),
        ]),
      );
    } catch (error) {
      throw runError(this.graph, error);
    }
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    // Writes the profile where one was asked for.
    session.endProfiling();
    await session.release();
  }
}

function requireFit(
  { name, value: { dtype, shape } }: GraphOutput,
  target: HostTensor,
  sizes: ReadonlyMap<string, number>,
): void {
  const fits =
    target.dtype === dtype &&
    target.shape.length === shape.length &&
    shape.every(
      (dim, axis) => (typeof dim === 'number' ? dim : evaluateDim(dim, sizes)) === target.shape[axis],
    );
  invariant(
    fits,
    `output ${name} is ${dtype}${formatShape(shape)}, the tensor for it ${target.dtype}${formatShape(target.shape)}`,
  );
}
