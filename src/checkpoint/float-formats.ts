/**
 * @file 16-bit floats to float32, in bulk. Every value of both formats is exact in float32.
 * Assumes a little-endian host, as the files are.
 */

/** IEEE binary16 bits → float32, all 65536 of them (256 KiB, made on first use). */
export function float16Table(): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => float16ToNumber(bits));
  return table;
}

let table: Float32Array | undefined;

/** One sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** `bytes` holds `out.length` binary16 values at any alignment. */
export function decodeFloat16(bytes: Uint8Array, out: Float32Array): void {
  const values = float16Table();
  const input = uint16View(bytes);
  for (let i = 0; i < out.length; i++) out[i] = values[input[i]!]!;
}

/** bfloat16 is the upper half of a float32. */
export function decodeBfloat16(bytes: Uint8Array, out: Float32Array): void {
  const input = uint16View(bytes);
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) bits[i] = input[i]! << 16;
}

function uint16View(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
}
