/** @file The next-token head on hidden states: for comparing with a reference and for greedy text, not for training. */
import { GraphBuilder } from '../graph/builder.ts';
import type { DecoderGeometry } from '../model/geometry.ts';
import type { Backend, Executable } from '../runtime/backend.ts';
import { hostTensor } from '../tensor/host-tensor.ts';
import type { BaseWeights } from './base-weights.ts';

export class LanguageModelHead {
  readonly #geometry: DecoderGeometry;
  readonly #weights: BaseWeights;
  readonly #program: Executable;

  private constructor(geometry: DecoderGeometry, weights: BaseWeights, program: Executable) {
    this.#geometry = geometry;
    this.#weights = weights;
    this.#program = program;
  }

  static async compile(
    geometry: DecoderGeometry,
    weights: BaseWeights,
    backend: Backend,
  ): Promise<LanguageModelHead> {
    const { hiddenSize: D, vocabularySize: V } = geometry;
    const b = new GraphBuilder();
    const hidden = b.input('hidden', 'float32', ['N', D]);
    const head = b.input('head', 'float32', [V, D]);
    b.output('logits', b.matmul(hidden, head, { transposeB: true }));
    return new LanguageModelHead(geometry, weights, await backend.compile(b.build()));
  }

  /** Logits [N, V] of hidden states [N, D] behind the final norm. */
  async logits(hidden: Float32Array): Promise<Float32Array> {
    const { hiddenSize: D, names } = this.#geometry;
    const head = await this.#weights.get(names.languageModelHead);
    const rows = hostTensor('float32', [hidden.length / D, D], hidden);
    const out = await this.#program.run({ hidden: rows, head });
    return out.logits!.data as Float32Array;
  }

  async release(): Promise<void> {
    await this.#program.release();
  }
}
