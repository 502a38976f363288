/** @file Decodes the codes of bitsandbytes in float32 arithmetic, which rounds as the library does. Works on arrays alone. */

/** The number that a code stands for, times its block's factor; the higher four bits of a byte come first. */
export function decodeFourBit(
  codes: Uint8Array,
  factors: Float32Array,
  { numbers, blockSize }: { readonly numbers: ArrayLike<number>; readonly blockSize: number },
  out: Float32Array,
): void {
  for (let block = 0; block < factors.length; block++) {
    const factor = factors[block]!;
    const end = Math.min(out.length, (block + 1) * blockSize);
    for (let i = block * blockSize; i < end; i++) {
      const byte = codes[i >> 1]!;
      out[i] = numbers[i % 2 === 0 ? byte >> 4 : byte & 15]! * factor;
    }
  }
}

/** Factors that are stored as codes themselves: the code's number times its group's factor, plus the mean of all factors. */
export function decodeFactors(
  codes: Uint8Array,
  {
    groupFactors,
    mean,
    numbers,
    groupSize,
  }: {
    readonly groupFactors: Float32Array;
    readonly mean: number;
    readonly numbers: ArrayLike<number>;
    readonly groupSize: number;
  },
): Float32Array {
  return Float32Array.from(
    codes,
    (code, i) => Math.fround(numbers[code]! * groupFactors[Math.floor(i / groupSize)]!) + mean,
  );
}

/** Codes [out, in] times their row's largest element, over 127. */
export function decodeInt8(codes: Int8Array, largest: Float32Array): Float32Array {
  const width = codes.length / largest.length;
  const step = Math.fround(1 / 127);
  return Float32Array.from(codes, (code, i) => Math.fround(code * largest[Math.floor(i / width)]!) * step);
}
