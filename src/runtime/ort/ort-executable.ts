/** @file One compiled graph: checks what it is given, hands memory to ONNX Runtime and back without copying. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { invariant } from '../../base/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import type { Executable, Tensors } from '../backend.ts';
import { bindSizes } from '../bind-sizes.ts';
import { runError } from './ort-errors.ts';
import { fromOrtTensor, toOrtTensor } from './tensors.ts';

export class OrtExecutable implements Executable {
  readonly graph: Graph;
  readonly #session: InferenceSession;
  /** Runs under way: their session has to stay. */
  readonly #running = new Set<Promise<unknown>>();
  #isReleased = false;

  constructor(graph: Graph, session: InferenceSession) {
    this.graph = graph;
    this.#session = session;
  }

  /**
   * Runs that overlap in time are done one after the other: ONNX Runtime's binding computes on the thread that calls it
   * (and blocks it), with its own threads beside.
   */
  async run(feeds: Tensors): Promise<Record<string, HostTensor>> {
    invariant(!this.#isReleased, 'the graph has been released');
    bindSizes(this.graph, feeds);
    const run = this.#runSession(feeds);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async #runSession(feeds: Tensors): Promise<Record<string, HostTensor>> {
    const session = this.#session;
    const given: Record<string, Tensor> = {};
    for (const { name } of this.graph.inputs) given[name] = toOrtTensor(feeds[name]!);
    try {
      const made = await session.run(given);
      // ONNX outputs have the order of the graph's, and nearly always their names.
      return Object.fromEntries(
        this.graph.outputs.map(({ name }, i) => [name, fromOrtTensor(made[session.outputNames[i]!]!)]),
      );
    } catch (error) {
      throw runError(this.graph, error);
    }
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await Promise.allSettled(this.#running);
    // Writes the profile where one was asked for.
    this.#session.endProfiling();
    await this.#session.release();
  }
}
