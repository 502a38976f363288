/** @file The numbers that a format makes of a matrix, outside of a network: what an adapter was trained beside. */
import { GraphBuilder } from '../graph/builder.ts';
import type { Backend, Executable } from '../runtime/backend.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { MatrixShape, WeightFormat } from './weight-format.ts';

export interface MatrixDecoder {
  /** [out, in] -> the same, as the format's codes stand for it; `name`: the weight's full name, where it is a model's. */
  decode(matrix: HostTensor<'float32'>, name?: string): Promise<HostTensor<'float32'>>;
  release(): Promise<void>;
}

const VALUE = 'matrix';

/** Matrices of one shape share a program. */
export function matrixDecoder(format: WeightFormat, backend: Backend): MatrixDecoder {
  const programs = new Map<string, Promise<Executable>>();
  const program = (shape: MatrixShape) => {
    const key = shape.join();
    const found = programs.get(key) ?? compile(format, shape, backend);
    programs.set(key, found);
    return found;
  };
  return {
    decode: async (matrix, name) => {
      const executable = await program(matrix.shape as MatrixShape);
      const made = await executable.run(format.encode(matrix, name));
      return made[VALUE] as HostTensor<'float32'>;
    },
    release: async () => {
      for (const made of await Promise.all(programs.values())) await made.release();
      programs.clear();
    },
  };
}

async function compile(format: WeightFormat, shape: MatrixShape, backend: Backend): Promise<Executable> {
  const b = new GraphBuilder();
  b.output(
    VALUE,
    format.read(b, shape, (name, dtype, partShape) => b.input(name, dtype, partShape)),
  );
  return await backend.compile(b.build());
}
