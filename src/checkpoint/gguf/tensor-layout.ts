/**
 * @file How a tensor of Hugging Face's lies in a tensor of a GGUF file: turned, cut, its rows in another order.
 * Knows shapes and numbers; which tensor has which layout is the architectures' business.
 */
import { invariant } from '../../base/errors.ts';
import { type HostTensor, hostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { transpose } from '../../tensor/transpose.ts';

type Shape = readonly number[];

/** The tensor as the file stores it, decoded to float32. */
export interface TensorSource {
  readonly shape: Shape;
  read(): Promise<HostTensor<'float32'>>;
  /** Some rows of a matrix, [rows.length, in]. */
  readRows(rows: ArrayLike<number>): Promise<HostTensor<'float32'>>;
}

export interface TensorLayout {
  /** The shape of Hugging Face's tensor, given the stored one's. */
  shape(stored: Shape): Shape;
  /** Which of the stored rows it comes from: all where there is no such member. */
  readonly storedRows?: { readonly from: number; readonly count: number };
  read(source: TensorSource): Promise<HostTensor<'float32'>>;
  /** Rows of Hugging Face's tensor, which is a matrix. */
  readRows(source: TensorSource, rows: ArrayLike<number>): Promise<HostTensor<'float32'>>;
}

export const asStored: TensorLayout = {
  shape: (stored) => stored,
  read: (source) => source.read(),
  readRows: (source, rows) => source.readRows(rows),
};

/** [out, in] where Hugging Face has [in, out]: GPT-2's Conv1D. A vector stays as it is. Rows are read with all the others. */
export const transposed: TensorLayout = {
  shape: (stored) => (stored.length === 2 ? stored.toReversed() : stored),
  read: async (source) => turned(await source.read()),
  readRows: async (source, rows) => rowsOf(turned(await source.read()), rows),
};

const turned = (tensor: HostTensor<'float32'>) => (tensor.shape.length === 2 ? transpose(tensor) : tensor);

/** The `count` rows from row `from` on, of a matrix or a vector that has at least so many. */
export function rowRange(from: number, count: number): TensorLayout {
  return {
    shape: (stored) => [count, ...stored.slice(1)],
    storedRows: { from, count },
    read: async (source) => {
      if (source.shape.length === 2) return await source.readRows(range(from, count));
      const { data } = await source.read();
      return hostTensor('float32', [count], data.slice(from, from + count));
    },
    readRows: (source, rows) => source.readRows(Array.from(rows, (row) => from + row)),
  };
}

/**
 * Undoes llama.cpp's reordering of the query and key rows: it turns pairs (2j, 2j + 1) of a head where Hugging Face
 * turns (j, j + headDim / 2). Weights [heads * headDim, in] and biases [heads * headDim]; headDim is even.
 */
export function rotaryRows(headDim: number): TensorLayout {
  return {
    shape: (stored) => stored,
    read: async (source) => {
      const tensor = await source.read();
      const rows = tensor.shape[0] ?? 1;
      return rowsOf(
        tensor,
        range(0, rows).map((row) => storedRotaryRow(row, headDim)),
      );
    },
    readRows: (source, rows) => source.readRows(Array.from(rows, (row) => storedRotaryRow(row, headDim))),
  };
}

/** Which row of llama.cpp's order is this row of Hugging Face's (see {@link rotaryRows}). */
function storedRotaryRow(row: number, headDim: number): number {
  const half = headDim / 2;
  const inHead = row % headDim;
  return row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
}

/** A matrix whose first `count` rows are not stored; they are given as zeros. */
export function zeroRowsBefore(count: number): TensorLayout {
  return {
    shape: (stored) => [count + (stored[0] ?? 0), ...stored.slice(1)],
    read: async (source) => {
      const { data, shape } = await source.read();
      const [rows = 0, ...row] = shape;
      const before = count * sizeOf(row);
      const padded = new Float32Array(before + data.length);
      padded.set(data, before);
      return hostTensor('float32', [count + rows, ...row], padded);
    },
    readRows: async (source, rows) => {
      const wanted = Array.from(rows, (row, place) => {
        invariant(row >= 0, `row ${row} of a matrix`);
        return { row: row - count, place };
      });
      const stored = wanted.filter(({ row }) => row >= 0);
      const found = await source.readRows(stored.map(({ row }) => row));
      const width = source.shape[1] ?? 1;
      const data = new Float32Array(rows.length * width);
      for (const [i, { place }] of stored.entries()) {
        data.set(found.data.subarray(i * width, (i + 1) * width), place * width);
      }
      return hostTensor('float32', [rows.length, width], data);
    },
  };
}

/** [rows.length, ...]: rows of a matrix, or numbers of a vector. */
function rowsOf(tensor: HostTensor<'float32'>, rows: ArrayLike<number>): HostTensor<'float32'> {
  const row = tensor.shape.slice(1);
  const width = sizeOf(row);
  const data = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    data.set(tensor.data.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return hostTensor('float32', [rows.length, ...row], data);
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
