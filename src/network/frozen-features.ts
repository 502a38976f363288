/** @file Hidden states behind the frozen layers for a sequence, from the cache where it has them. */
import { type PackedSequence, packSequence } from '../packing/pack-sequence.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { FeatureCache } from './feature-cache.ts';
import type { Network } from './network.ts';

export class FrozenFeatures {
  readonly #network: Network;
  readonly #cache: FeatureCache;
  readonly #hiddenSize: number;

  constructor(network: Network, cache: FeatureCache, hiddenSize: number) {
    this.#network = network;
    this.#cache = cache;
    this.#hiddenSize = hiddenSize;
  }

  /** [N, D] for the sequence's layout. `functions` are the token ids of its rows; only the missing ones are computed. */
  async hidden(
    sequence: PackedSequence,
    functions: readonly (readonly number[])[],
  ): Promise<HostTensor<'float32'>> {
    const D = this.#hiddenSize;
    const { layout } = sequence;
    const found = functions.map((ids) => this.#cache.read(ids));
    const missing = functions.filter((_, row) => found[row] === undefined);
    const computed = missing.length === 0 ? [] : await this.#compute(missing, layout.keys !== undefined);
    const out = new Float32Array(layout.tokenCount * D);
    layout.flatTokens.forEach((tokens, row) => {
      const hidden = found[row] ?? computed.shift()!;
      tokens.forEach((token, s) => {
        out.set(hidden.subarray(s * D, (s + 1) * D), token * D);
      });
    });
    return hostTensor('float32', [layout.tokenCount, D], out);
  }

  async #compute(functions: readonly (readonly number[])[], sharePrefixes: boolean): Promise<Float32Array[]> {
    const D = this.#hiddenSize;
    const sequence = packSequence(functions, { packing: 'isolated', sharePrefixes });
    const { data } = await this.#network.frozen(sequence);
    return functions.map((ids, row) => {
      const hidden = new Float32Array(ids.length * D);
      sequence.layout.flatTokens[row]!.forEach((token, s) => {
        hidden.set(data.subarray(token * D, (token + 1) * D), s * D);
      });
      this.#cache.write(ids, hidden);
      return hidden;
    });
  }
}
