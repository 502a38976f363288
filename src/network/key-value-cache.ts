/**
 * @file Keys and values of the tokens that sequences have had so far, by layer: what generation does not compute again. Each
 * sequence has a row of slots, one per position from 0; slots behind its last token hold anything, and masks hide them.
 */
import { invariant } from '../base/errors.ts';
import type { Attention, Model } from '../model/spec.ts';
import type { SequenceLayout } from '../packing/layout.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';

/** Slots that rows grow by: growing copies, and slots that are empty are computed. */
const GROWTH = 64;

interface LayerStates {
  /** [N, K, T, d] */
  key: Float32Array;
  value: Float32Array;
}

type Sizes = Pick<Attention, 'keyValueHeadCount' | 'headSize'>;

export class KeyValueCache {
  readonly #sizes: readonly Sizes[];
  #layers: LayerStates[];
  /** [N] tokens of each sequence that are held. */
  #lengths: number[];
  #slots: number;

  /** For sequences of these lengths, which `fill` is to bring. */
  constructor(model: Model, lengths: readonly number[]) {
    this.#sizes = model.layers.map(({ block }) => block.attention);
    this.#lengths = [...lengths];
    this.#slots = roundUp(lengths.reduce((most, length) => Math.max(most, length), 1));
    this.#layers = this.#sizes.map(({ keyValueHeadCount: K, headSize: d }) => {
      const size = lengths.length * K * this.#slots * d;
      return { key: new Float32Array(size), value: new Float32Array(size) };
    });
  }

  get lengths(): readonly number[] {
    return this.#lengths;
  }

  /** T */
  get slots(): number {
    return this.#slots;
  }

  /** Keys and values [N, K, T, d] of a layer, in the cache's own memory. */
  states(layer: number): { readonly key: HostTensor<'float32'>; readonly value: HostTensor<'float32'> } {
    const { keyValueHeadCount: K, headSize: d } = this.#sizes[layer]!;
    const shape = [this.#lengths.length, K, this.#slots, d];
    const { key, value } = this.#layers[layer]!;
    return { key: hostTensor('float32', shape, key), value: hostTensor('float32', shape, value) };
  }

  /** Takes what one layer computed of whole sequences, [tokens, K*d] of a layout; `rows`: which rows they are of. */
  fill(layer: number, states: StateTensors, layout: SequenceLayout, rows: readonly number[]): void {
    layout.flatTokens.forEach((tokens, place) => {
      const row = rows[place]!;
      invariant(
        tokens.length === this.#lengths[row],
        `row ${row} of the cache is filled with another length`,
      );
      for (let position = 0; position < tokens.length; position++) {
        this.#put(layer, states, tokens[position]!, row, position);
      }
    });
  }

  /** Makes room for one more token of each sequence. */
  reserve(): void {
    const needed = this.#lengths.reduce((most, length) => Math.max(most, length), 0) + 1;
    if (needed > this.#slots) this.#move(this.#lengths.keys(), needed);
  }

  /** Takes what one layer computed of one more token of each sequence, [N, K*d]; `advance` counts them when all layers are there. */
  append(layer: number, states: StateTensors): void {
    for (const [row, length] of this.#lengths.entries()) this.#put(layer, states, row, row, length);
  }

  advance(): void {
    this.#lengths = this.#lengths.map((length) => length + 1);
  }

  /** Drops all other sequences. */
  keep(rows: readonly number[]): void {
    if (rows.length === this.#lengths.length) return;
    this.#move(rows, this.#slots);
  }

  #put(layer: number, { key, value }: StateTensors, token: number, row: number, position: number): void {
    const { keyValueHeadCount: K, headSize: d } = this.#sizes[layer]!;
    const held = this.#layers[layer]!;
    for (let k = 0; k < K; k++) {
      const from = (token * K + k) * d;
      const to = ((row * K + k) * this.#slots + position) * d;
      held.key.set(key.data.subarray(from, from + d), to);
      held.value.set(value.data.subarray(from, from + d), to);
    }
  }

  /** Copies rows into new memory, with room for `needed` tokens a row. */
  #move(rows: Iterable<number>, needed: number): void {
    const kept = [...rows];
    const lengths = kept.map((row) => this.#lengths[row]!);
    const [before, after] = [this.#slots, roundUp(needed)];
    this.#layers = this.#layers.map((held, layer) => {
      const { keyValueHeadCount: K, headSize: d } = this.#sizes[layer]!;
      const moved = (from: Float32Array) => {
        const to = new Float32Array(kept.length * K * after * d);
        for (const [place, row] of kept.entries()) {
          for (let k = 0; k < K; k++) {
            const start = (row * K + k) * before * d;
            to.set(from.subarray(start, start + lengths[place]! * d), (place * K + k) * after * d);
          }
        }
        return to;
      };
      return { key: moved(held.key), value: moved(held.value) };
    });
    this.#lengths = lengths;
    this.#slots = after;
  }
}

export interface StateTensors {
  readonly key: HostTensor<'float32'>;
  readonly value: HostTensor<'float32'>;
}

const roundUp = (slots: number) => Math.ceil(slots / GROWTH) * GROWTH;
