/** @file The reference interpreter with nothing rounded on the way: whole networks in float64. */
import type { Backend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/reference-backend.ts';

/** Ignores `into`: memory the network hands out for outputs is float32, and writing to it would round. */
export function float64Backend(): Backend {
  const reference = referenceBackend();
  return {
    ...reference,
    compile: async (graph) => {
      const executable = await reference.compile(graph);
      return { ...executable, run: (feeds) => executable.run(feeds) };
    },
  };
}
