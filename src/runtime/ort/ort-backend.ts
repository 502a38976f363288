/**
 * @file Runs graphs with ONNX Runtime. This folder alone knows that runtime; the graph reaches it as an ONNX model.
 */
import { env, InferenceSession } from 'onnxruntime-node';
import type { Graph } from '../../graph/graph.ts';
import { lowerGraph } from '../../onnx/lowering.ts';
import type { Backend, Executable } from '../backend.ts';
import { requireDevice } from './devices.ts';
import { compileError } from './ort-errors.ts';
import { OrtExecutable } from './ort-executable.ts';
import { type OrtOptions, sessionOptions } from './session-options.ts';

/**
 * A backend on one device.
 * @throws VultuneError `DEVICE_UNAVAILABLE`; `compile` throws `GRAPH_TOO_LARGE` when the constants take 2 GB.
 */
export async function ortBackend(options: OrtOptions = {}): Promise<Backend> {
  const device = options.device ?? 'cpu';
  await requireDevice(device);
  // What goes wrong arrives as an exception; ONNX Runtime would print it as well.
  env.logLevel = 'fatal';
  return {
    name: 'ort',
    device,
    compile: async (graph: Graph): Promise<Executable> => {
      const model = lowerGraph(graph);
      try {
        return new OrtExecutable(graph, await InferenceSession.create(model, sessionOptions(options)));
      } catch (error) {
        throw compileError(error);
      }
    },
  };
}
