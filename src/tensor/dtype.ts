/** @file Element types of tensors, and the typed array that holds each in memory. */

/** What a tensor on the host may hold. `bool` is one byte per element, 0 or 1. */
export type DType = 'float64' | 'float32' | 'int64' | 'int32' | 'uint32' | 'int8' | 'uint8' | 'bool';

export interface DTypeArrays {
  float64: Float64Array;
  float32: Float32Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export const BYTES_PER_ELEMENT: { readonly [K in DType]: number } = {
  float64: 8,
  float32: 4,
  int64: 8,
  int32: 4,
  uint32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** A zero-filled array of `length` elements. */
export function allocate<K extends DType>(dtype: K, length: number): DTypeArrays[K] {
  const make: { readonly [T in DType]: (n: number) => DTypeArrays[T] } = {
    float64: (n) => new Float64Array(n),
    float32: (n) => new Float32Array(n),
    int64: (n) => new BigInt64Array(n),
    int32: (n) => new Int32Array(n),
    uint32: (n) => new Uint32Array(n),
    int8: (n) => new Int8Array(n),
    uint8: (n) => new Uint8Array(n),
    bool: (n) => new Uint8Array(n),
  };
  return make[dtype](length);
}
