/**
 * @file A checkpoint of numbers that nobody trained, for measuring: tensors of given shapes, made when they are read, out of one short
 * block of random numbers. It reads no file.
 */
import { randomStream } from '../base/random.ts';
import { type HostTensor, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Not a multiple of a row's length: rows are not equal. */
const BLOCK = 65521;

/** Matrices are of a size that keeps what they are multiplied with in its range; vectors are ones, biases zeros. */
export function randomCheckpoint(shapes: ReadonlyMap<string, readonly number[]>): Checkpoint {
  const stream = randomStream(1, 'random checkpoint');
  const block = Float32Array.from({ length: BLOCK }, () => stream.normal());
  const make = (name: string, shape: readonly number[]): HostTensor<'float32'> => {
    const data = new Float32Array(sizeOf(shape));
    if (shape.length > 1) {
      const scale = 0.5 / Math.sqrt(shape.at(-1)!);
      for (let i = 0; i < data.length; i++) data[i] = scale * block[i % BLOCK]!;
    } else if (!name.endsWith('.bias')) data.fill(1);
    return hostTensor('float32', shape, data);
  };
  return {
    path: 'random numbers',
    config: {},
    tensors: new Map([...shapes].map(([name, shape]) => [name, { shape }])),
    tokenizer: undefined,
    fingerprint: 'random',
    notes: [],
    read: async (name) => make(name, shapes.get(name)!),
    readRows: async (name, rows) => make(name, [rows.length, ...shapes.get(name)!.slice(1)]),
    close: async () => {},
  };
}
