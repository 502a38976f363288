/** @file What executes graphs: the interface alone. Implementations: ort (ONNX Runtime), reference (float64). */
import type { Graph } from '../graph/graph.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

/** Tensors by the name of a graph's input or output. */
export type Tensors = Readonly<Record<string, HostTensor>>;

export interface Executable {
  readonly graph: Graph;
  /**
   * Runs the graph. `feeds` holds every input (extra names are ignored).
   * Throws when an input is missing or its type or shape does not fit (symbolic sizes must agree between inputs).
   */
  run(feeds: Tensors): Promise<Record<string, HostTensor>>;
  release(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  readonly device: Device;
  compile(graph: Graph): Promise<Executable>;
}
