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
  readonly #create: () => Promise<InferenceSession>;
  #session: Promise<InferenceSession> | undefined;
  /** Runs under way: their session has to stay. */
  readonly #running = new Set<Promise<unknown>>();
  #isReleased = false;

  private constructor(graph: Graph, create: () => Promise<InferenceSession>) {
    this.graph = graph;
    this.#create = create;
  }

  /** Rejects with what ONNX Runtime has against the graph. */
  static async create(graph: Graph, create: () => Promise<InferenceSession>): Promise<OrtExecutable> {
    const executable = new OrtExecutable(graph, create);
    await executable.#awake();
    return executable;
  }

  /**
   * Runs that overlap in time are done one after the other: ONNX Runtime's binding computes on the thread that calls it
   * (and blocks it), with its own threads beside.
   */
  async run(feeds: Tensors): Promise<Record<string, HostTensor>> {
    bindSizes(this.graph, feeds);
    const run = this.#runOn(this.#awake(), feeds);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async #runOn(awake: Promise<InferenceSession>, feeds: Tensors): Promise<Record<string, HostTensor>> {
    const session = await awake;
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

  async rest(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    await Promise.allSettled(this.#running);
    const made = await session;
    // Writes the profile where one was asked for.
    made.endProfiling();
    await made.release();
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    await this.rest();
  }

  #awake(): Promise<InferenceSession> {
    invariant(!this.#isReleased, 'the graph has been released');
    this.#session ??= this.#create();
    return this.#session;
  }
}
