/** @file An ONNX file run as any other program would: by its path, with the inputs that it names. */
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import type { Tensors } from '../backend.ts';
import { compileError } from './ort-errors.ts';
import { type OrtOptions, sessionOptions } from './session-options.ts';
import { fromOrtTensor, toOrtTensor } from './tensors.ts';

export interface ModelFile {
  readonly inputs: readonly string[];
  run(feeds: Tensors): Promise<Readonly<Record<string, HostTensor>>>;
  release(): Promise<void>;
}

/** @throws VultuneError for a file that ONNX Runtime does not take */
export async function openModelFile(path: string, options: OrtOptions = {}): Promise<ModelFile> {
  const session = await InferenceSession.create(path, sessionOptions(options)).catch((error: unknown) => {
    throw compileError(error);
  });
  return {
    inputs: session.inputNames,
    run: async (feeds) => {
      const given: Record<string, Tensor> = {};
      for (const name of session.inputNames) given[name] = toOrtTensor(feeds[name]!);
      const made = await session.run(given);
      return Object.fromEntries(session.outputNames.map((name) => [name, fromOrtTensor(made[name]!)]));
    },
    release: () => session.release(),
  };
}
