/**
 * @file The frozen weights of the base model: each read when it is first needed and held once, matrices of blocks in
 * their format; rows of a matrix are read without holding it. A weight that is not a finite number is noticed here, where
 * its name is still known.
 */
import { VultuneError } from '../base/errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { firstNotFinite, type HostTensor } from '../tensor/host-tensor.ts';
import { float32 } from './float32.ts';
import type { WeightFormat, WeightParts } from './weight-format.ts';

export class BaseWeights {
  readonly format: WeightFormat;
  readonly #checkpoint: Checkpoint;
  readonly #held = new Map<string, Promise<HostTensor<'float32'>>>();
  readonly #encoded = new Map<string, Promise<() => WeightParts | Promise<WeightParts>>>();

  constructor(checkpoint: Checkpoint, format: WeightFormat = float32) {
    this.#checkpoint = checkpoint;
    this.format = format;
  }

  /** Throws CHECKPOINT_TENSOR_MISSING when the checkpoint has no tensor of that name, CHECKPOINT_NOT_FINITE for NaN in it. */
  get(name: string): Promise<HostTensor<'float32'>> {
    const held = this.#held.get(name) ?? this.#finite(name, this.#checkpoint.read(name));
    this.#held.set(name, held);
    return held;
  }

  /** One part of a matrix in the format. Throws as `get`. */
  async part(name: string, part: string): Promise<HostTensor> {
    const encoded = this.#encoded.get(name) ?? this.#encode(name);
    this.#encoded.set(name, encoded);
    return (await (await encoded)())[part]!;
  }

  async #encode(name: string): Promise<() => WeightParts | Promise<WeightParts>> {
    const { format } = this;
    if (format.holdsStored === true && this.#checkpoint.hold !== undefined) {
      const held = await this.#checkpoint.hold(name);
      await this.#finite(name, held.decode());
      return async () => format.encode(await held.decode(), name);
    }
    const parts =
      (await this.#ofStored(name)) ??
      format.encode(await this.#finite(name, this.#checkpoint.read(name)), name);
    return () => parts;
  }

  /** A matrix that its file has in the format's own codes is taken as it is. */
  async #ofStored(name: string): Promise<WeightParts | undefined> {
    const { ofStored } = this.format;
    if (ofStored === undefined) return undefined;
    const stored = await this.#checkpoint.readFourBit?.(name);
    if (stored === undefined) return undefined;
    this.#requireFinite(name, stored.factors);
    return ofStored(stored);
  }

  /** Rows of a matrix, [rows.length, D], read anew each time and not held: see Checkpoint.readRows. */
  rows(name: string, rows: ArrayLike<number>): Promise<HostTensor<'float32'>> {
    return this.#finite(name, this.#checkpoint.readRows(name, rows));
  }

  async #finite(name: string, reading: Promise<HostTensor<'float32'>>): Promise<HostTensor<'float32'>> {
    const tensor = await reading;
    this.#requireFinite(name, tensor.data);
    return tensor;
  }

  #requireFinite(name: string, data: Float32Array): void {
    const at = firstNotFinite(data);
    if (at < 0) return;
    throw new VultuneError(
      'CHECKPOINT_NOT_FINITE',
      `the base model's "${name}" holds ${data[at]}, expected finite numbers`,
      {
        where: { file: this.#checkpoint.path, name },
        hint: 'The weights are damaged or were converted wrongly: fetch or convert the model again.',
      },
    );
  }

  /** Drops weights that are not needed any more; asking for them again reads them again. */
  release(names: Iterable<string>): void {
    for (const name of names) {
      this.#held.delete(name);
      this.#encoded.delete(name);
    }
  }
}
