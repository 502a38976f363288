/** @file The tensors behind model/sequence-inputs.ts for one sequence: indices, positions, rotary tables and masks. */
import { rotariesOf } from '../model/matrices.ts';
import { type RotaryTable, rotaryTable } from '../model/rotary-table.ts';
import { lastMaskName, maskName, rotaryName } from '../model/sequence-inputs.ts';
import type { Model, Rotary } from '../model/spec.ts';
import type { RowIndex, SequenceLayout } from '../packing/layout.ts';
import type { Tensors } from '../runtime/backend.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';

/** Added to the score of what must not be seen: its exponential is 0, and sums stay finite. */
const HIDDEN = -1e30;

/** How many row lengths' masks are kept: lengths repeat from epoch to epoch, but each mask is S^2 floats. */
const KEPT_MASKS = 4;

/** Positions of the first rotary tables. */
const FIRST_POSITIONS = 512;

/** Makes the feeds of sequences, keeping what many sequences share. */
export class SequenceFeeds {
  readonly #rotaries: readonly Rotary[];
  readonly #windows: readonly (number | undefined)[];
  readonly #masks = new Map<string, HostTensor<'float32'>>();
  readonly #tables = new Map<Rotary, RotaryTable>();

  constructor(model: Model) {
    this.#rotaries = rotariesOf(model);
    this.#windows = [...new Set(model.layers.map(({ block }) => block.attention.window))];
  }

  /** `queryChunks` as the stages of this sequence have it. */
  make(layout: SequenceLayout, queryChunks: number): Tensors {
    const { rowCount: B, rowLength: S, tokenCount: N, keys } = layout;
    const lastPositions = BigInt64Array.from(layout.lengths, (length) => BigInt(length - 1));
    return {
      ...rowFeeds('', layout.rows, [B, S], [N]),
      ...(keys === undefined ? {} : rowFeeds('key_', keys, [B, S], [N, keys.copies])),
      positions: hostTensor('int64', [N], layout.positions),
      ...this.#rotaryFeeds(S),
      last: hostTensor('int64', [B], layout.last),
      last_positions: hostTensor('int64', [B], lastPositions),
      ...Object.fromEntries(
        this.#windows.flatMap((window) => [
          [maskName(window), this.#mask(S, window, queryChunks)],
          [lastMaskName(window), lastMask(layout, window)],
        ]),
      ),
    };
  }

  /** Tables of at least S positions; they grow by doubling, so that few are made. */
  #rotaryFeeds(S: number): Tensors {
    const feeds: Record<string, HostTensor> = {};
    for (const rotary of this.#rotaries) {
      const held = this.#tables.get(rotary);
      let positions = held?.cos.shape[0] ?? FIRST_POSITIONS;
      while (positions < S) positions *= 2;
      const table = held?.cos.shape[0] === positions ? held : rotaryTable(rotary, positions);
      this.#tables.set(rotary, table);
      feeds[rotaryName('cos', this.#rotaries, rotary)] = table.cos;
      feeds[rotaryName('sin', this.#rotaries, rotary)] = table.sin;
    }
    return feeds;
  }

  /** [J, S/J, S]; padding comes after every real token of its row, so that causality alone hides it. */
  #mask(S: number, window: number | undefined, J: number): HostTensor<'float32'> {
    const key = `${S} ${window} ${J}`;
    const found = this.#masks.get(key);
    if (found !== undefined) return found;
    const data = new Float32Array(S * S).fill(HIDDEN);
    for (let query = 0; query < S; query++) {
      const first = window === undefined ? 0 : Math.max(0, query - window + 1);
      data.fill(0, query * S + first, query * S + query + 1);
    }
    const mask = hostTensor('float32', [J, S / J, S], data);
    if (this.#masks.size >= KEPT_MASKS) this.#masks.delete(this.#masks.keys().next().value!);
    this.#masks.set(key, mask);
    return mask;
  }
}

function rowFeeds(
  prefix: string,
  { index, inverse, slotIsReal }: RowIndex,
  shape: readonly [number, number],
  inverseShape: readonly number[],
): Tensors {
  return {
    [`${prefix}index`]: hostTensor('int64', shape, index),
    [`${prefix}inverse`]: hostTensor('int64', inverseShape, inverse),
    [`${prefix}slot_is_real`]: hostTensor('float32', shape, slotIsReal),
  };
}

/** [B, S] what each function's last token sees. */
function lastMask(
  { lengths, rowLength: S }: SequenceLayout,
  window: number | undefined,
): HostTensor<'float32'> {
  const data = new Float32Array(lengths.length * S).fill(HIDDEN);
  lengths.forEach((length, row) => {
    const first = window === undefined ? 0 : Math.max(0, length - window);
    data.fill(0, row * S + first, row * S + length);
  });
  return hostTensor('float32', [lengths.length, S], data);
}
