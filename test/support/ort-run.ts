/** @file Builds a small graph and runs it with ONNX Runtime, in one line of a test. */
import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Shape } from '../../src/graph/dim.ts';
import type { Value } from '../../src/graph/graph.ts';
import type { GraphDType } from '../../src/graph/ops.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { ortBackend } from '../../src/runtime/ort/ort-backend.ts';
import type { HostTensor } from '../../src/tensor/host-tensor.ts';

export interface RunInput {
  readonly tensor: HostTensor;
  /** Symbolic sizes; the tensor's own shape unless given. */
  readonly shape?: Shape;
}

const backends = new Map<number, Promise<Backend>>();

/** One backend a process and number of threads. */
export function sharedBackend(threads = 2): Promise<Backend> {
  const known = backends.get(threads) ?? ortBackend({ threads });
  backends.set(threads, known);
  return known;
}

/** The value `make` returns, computed by ONNX Runtime from the inputs in the order given. */
export async function runOrt(
  inputs: readonly (HostTensor | RunInput)[],
  make: (builder: GraphBuilder, ...values: Value[]) => Value,
  backend?: Backend,
): Promise<HostTensor> {
  const builder = new GraphBuilder();
  const given = inputs.map((input) => ('tensor' in input ? input : { tensor: input }));
  const values = given.map(({ tensor, shape }: RunInput, i) =>
    builder.input(`x${i}`, tensor.dtype as GraphDType, shape ?? tensor.shape),
  );
  builder.output('y', make(builder, ...values));
  const executable = await (backend ?? (await sharedBackend())).compile(verifyGraph(builder.build()));
  try {
    const feeds = Object.fromEntries(given.map(({ tensor }, i) => [`x${i}`, tensor]));
    return (await executable.run(feeds)).y!;
  } finally {
    await executable.release();
  }
}
