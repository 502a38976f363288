/** @file How fast this machine multiplies matrices: the number every training speed is measured against. */
import { GraphBuilder } from '../../graph/builder.ts';
import { hostTensor } from '../../tensor/host-tensor.ts';
import { ortBackend } from './ort-backend.ts';
import type { OrtOptions } from './session-options.ts';

export interface MatmulMeasurement extends OrtOptions {
  /** Square matrices of this side, 1024 unless given. */
  readonly side?: number;
  /** 10 unless given; the fastest counts. */
  readonly repetitions?: number;
}

/** GFLOP/s of a float32 product with both operands as inputs, through the whole call. About a quarter of a second. */
export async function measureMatmulGflops(options: MatmulMeasurement = {}): Promise<number> {
  const { side = 1024, repetitions = 10 } = options;
  const builder = new GraphBuilder();
  const a = builder.input('a', 'float32', [side, side]);
  const b = builder.input('b', 'float32', [side, side]);
  builder.output('c', builder.matmul(a, b));
  const executable = await (await ortBackend(options)).compile(builder.build());
  try {
    const matrix = hostTensor('float32', [side, side], new Float32Array(side * side).fill(0.5));
    let bestMs = Number.POSITIVE_INFINITY;
    // The first run also allocates.
    for (let i = 0; i <= repetitions; i++) {
      const start = performance.now();
      await executable.run({ a: matrix, b: matrix });
      if (i > 0) bestMs = Math.min(bestMs, performance.now() - start);
    }
    return (2 * side ** 3) / (bestMs * 1e6);
  } finally {
    await executable.release();
  }
}
