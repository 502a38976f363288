/**
 * @file The frozen weights of the base model: each read when it is first needed and held once; rows of one are only read.
 */
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

export class BaseWeights {
  readonly #checkpoint: Checkpoint;
  readonly #held = new Map<string, Promise<HostTensor<'float32'>>>();

  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
  }

  /** Throws CHECKPOINT_TENSOR_MISSING when the checkpoint has no tensor of that name. */
  get(name: string): Promise<HostTensor<'float32'>> {
    const held = this.#held.get(name) ?? this.#checkpoint.read(name);
    this.#held.set(name, held);
    return held;
  }

  /** Rows of a matrix, [rows.length, D], read anew each time and not held: see Checkpoint.readRows. */
  rows(name: string, rows: ArrayLike<number>): Promise<HostTensor<'float32'>> {
    return this.#checkpoint.readRows(name, rows);
  }

  /** Lets go of weights that are not needed any more; asking for them again reads them again. */
  release(names: Iterable<string>): void {
    for (const name of names) this.#held.delete(name);
  }
}
