/** @file The tensors behind model/sequence-inputs.ts for one sequence: indices, positions, rotary tables and masks. */
import { rotariesOf } from '../model/matrices.ts';
import { pastMaskName } from '../model/past-inputs.ts';
import { type RotaryTable, rotaryTable } from '../model/rotary-table.ts';
import {
  bandMaskName,
  type MaskedAttention,
  maskName,
  type OneToken,
  oneTokenMaskName,
  rotaryName,
} from '../model/sequence-inputs.ts';
import type { Model, Rotary } from '../model/spec.ts';
import type { RowIndex, SequenceLayout } from '../packing/layout.ts';
import type { Tensors } from '../runtime/backend.ts';
import { type HostTensor, hostTensor, int64 } from '../tensor/host-tensor.ts';

/** Added to the score of what must not be seen: its exponential is 0, and sums stay finite. */
export const HIDDEN = -1e30;

/** How many row lengths' masks are kept: lengths repeat from epoch to epoch, but each mask is S^2 floats. */
const KEPT_MASKS = 4;

/** Positions of the first rotary tables. */
const FIRST_POSITIONS = 512;

/** Makes the feeds of sequences, keeping what many sequences share. */
export class SequenceFeeds {
  readonly #rotaries: readonly Rotary[];
  readonly #attentions: readonly MaskedAttention[];
  readonly #masks = new Map<string, HostTensor<'float32'>>();
  readonly #tables = new Map<Rotary, RotaryTable>();

  constructor(model: Model) {
    this.#rotaries = rotariesOf(model);
    const attentions = model.layers.map(({ block }) => block.attention);
    this.#attentions = [
      ...new Map(attentions.map((one) => [oneTokenMaskName('last', one), one] as const)).values(),
    ];
  }

  /** `queryChunks` as the stages of this sequence have it; `asking`: the token that alone asks in the last block. */
  make(layout: SequenceLayout, queryChunks: number, asking: OneToken | undefined): Tensors {
    const { rowCount: A, rowLength: S, tokenCount: N, keys } = layout;
    return {
      ...rowFeeds('', layout.rows, [A, S], [N]),
      ...(keys === undefined ? {} : rowFeeds('key_', keys, [A, S], [N, keys.copies])),
      positions: hostTensor('int64', [N], layout.positions),
      ...this.#rotaryFeeds(S),
      ...Object.assign({}, ...this.#attentions.map((one) => this.#maskFeeds(layout, queryChunks, one))),
      ...(asking === undefined ? {} : oneTokenFeeds(layout, asking, this.#attentions)),
    };
  }

  /**
   * A step of generation: each sequence gets the token at its position, which sees itself and those of the T slots (one per
   * earlier position, from 0) that it may. Causal attention only.
   */
  makeStep(positions: readonly number[], slots: number): Tensors {
    const N = positions.length;
    const masks = this.#attentions.map((attention) => {
      const data = new Float32Array(N * (slots + 1)).fill(HIDDEN);
      positions.forEach((position, row) => {
        const start = row * (slots + 1);
        const [from] = seenRange(attention, position, position + 1);
        data.fill(0, start + from, start + position);
        data[start + slots] = 0;
      });
      return [pastMaskName(attention.window), hostTensor('float32', [N, slots + 1], data)] as const;
    });
    return {
      positions: int64([N], positions),
      ...this.#rotaryFeeds(Math.max(...positions) + 1),
      ...Object.fromEntries(masks),
    };
  }

  #maskFeeds(layout: SequenceLayout, J: number, { window, bidirectional }: MaskedAttention): Tensors {
    const { rowLength: S } = layout;
    if (bidirectional !== true) return { [maskName(window)]: this.#causalMask(S, window, J) };
    return {
      length_mask: lengthMask(layout),
      ...(window === undefined ? {} : { [bandMaskName(window)]: this.#bandMask(S, window) }),
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
  #causalMask(S: number, window: number | undefined, J: number): HostTensor<'float32'> {
    return this.#keptMask(`${S} ${window} ${J}`, () =>
      hostTensor('float32', [J, S / J, S], seenFrom(S, { window })),
    );
  }

  /** [S, S]; the lengths hide padding. */
  #bandMask(S: number, window: number): HostTensor<'float32'> {
    return this.#keptMask(`${S} ${window} both sides`, () =>
      hostTensor('float32', [S, S], seenFrom(S, { window, bidirectional: true })),
    );
  }

  #keptMask(key: string, make: () => HostTensor<'float32'>): HostTensor<'float32'> {
    const found = this.#masks.get(key);
    if (found !== undefined) return found;
    const mask = make();
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

/** [S, S] what each position of a row of S tokens sees. */
function seenFrom(S: number, attention: MaskedAttention): Float32Array {
  const data = new Float32Array(S * S).fill(HIDDEN);
  for (let query = 0; query < S; query++) {
    const [from, to] = seenRange(attention, query, S);
    data.fill(0, query * S + from, query * S + to);
  }
  return data;
}

/** The positions that one of a row of `length` tokens sees, half-open. */
function seenRange({ window, bidirectional }: MaskedAttention, position: number, length: number) {
  const back = window === undefined ? position : bidirectional === true ? window : window - 1;
  const ahead = bidirectional === true ? (window ?? length) : 0;
  return [Math.max(0, position - back), Math.min(length, position + ahead + 1)] as const;
}

/** [B, S] */
function lengthMask({ lengths, rowLength: S }: SequenceLayout): HostTensor<'float32'> {
  const data = new Float32Array(lengths.length * S).fill(HIDDEN);
  lengths.forEach((length, row) => {
    data.fill(0, row * S, row * S + length);
  });
  return hostTensor('float32', [lengths.length, S], data);
}

/** The one token of each function: where it lies, its position, and what it sees in each kind of attention. */
function oneTokenFeeds(
  layout: SequenceLayout,
  place: OneToken,
  attentions: readonly MaskedAttention[],
): Tensors {
  const { lengths, rowLength: S, flatTokens, functionCount: B } = layout;
  const index =
    place === 'last' ? layout.last : BigInt64Array.from(flatTokens, (tokens) => BigInt(tokens[0]!));
  const positions = Array.from(index, (token) => Number(layout.positions[Number(token)]));
  const masks = attentions.map((attention) => {
    const data = new Float32Array(B * S).fill(HIDDEN);
    lengths.forEach((length, row) => {
      const [from, to] = seenRange(attention, positions[row]!, layout.isJoined ? layout.tokenCount : length);
      data.fill(0, row * S + from, row * S + to);
    });
    return [oneTokenMaskName(place, attention), hostTensor('float32', [B, S], data)] as const;
  });
  return {
    [place]: hostTensor('int64', [B], index),
    [`${place}_positions`]: int64([B], positions),
    ...Object.fromEntries(masks),
  };
}
