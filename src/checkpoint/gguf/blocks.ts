/**
 * @file The block formats of GGUF, decoded to float32: one small function per format under its layout.
 * A block holds 32 (or, for the K formats, 256) consecutive numbers of a row. Scales are binary16, `d` and `m` below.
 * Layouts and element order as in ggml (ggml-common.h, ggml-quants.c). Works on bytes alone: files and names are read elsewhere.
 */
import { decodeBfloat16, decodeFloat16, float16Table } from '../float-formats.ts';

export interface BlockFormat {
  readonly name: string;
  /** Elements per block: a row is a multiple of it. */
  readonly elements: number;
  readonly bytes: number;
  /** `out` has as many elements as `raw` holds. */
  readonly decode: (raw: Uint8Array, out: Float32Array) => void;
}

/** By ggml's type number. */
export const BLOCK_FORMATS: ReadonlyMap<number, BlockFormat> = new Map([
  [0, { name: 'F32', elements: 1, bytes: 4, decode: decodeFloat32 }],
  [1, { name: 'F16', elements: 1, bytes: 2, decode: decodeFloat16 }],
  [2, { name: 'Q4_0', elements: 32, bytes: 18, decode: decodeQ4_0 }],
  [3, { name: 'Q4_1', elements: 32, bytes: 20, decode: decodeQ4_1 }],
  [6, { name: 'Q5_0', elements: 32, bytes: 22, decode: decodeQ5_0 }],
  [7, { name: 'Q5_1', elements: 32, bytes: 24, decode: decodeQ5_1 }],
  [8, { name: 'Q8_0', elements: 32, bytes: 34, decode: decodeQ8_0 }],
  [10, { name: 'Q2_K', elements: 256, bytes: 84, decode: decodeQ2K }],
  [11, { name: 'Q3_K', elements: 256, bytes: 110, decode: decodeQ3K }],
  [12, { name: 'Q4_K', elements: 256, bytes: 144, decode: decodeQ4K }],
  [13, { name: 'Q5_K', elements: 256, bytes: 176, decode: decodeQ5K }],
  [14, { name: 'Q6_K', elements: 256, bytes: 210, decode: decodeQ6K }],
  [20, { name: 'IQ4_NL', elements: 32, bytes: 18, decode: decodeIQ4NL }],
  [28, { name: 'F64', elements: 1, bytes: 8, decode: decodeFloat64 }],
  [30, { name: 'BF16', elements: 1, bytes: 2, decode: decodeBfloat16 }],
]);

/** Formats of ggml that are not decoded here, only so that an error can name them. */
export const OTHER_FORMAT_NAMES: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
  40: 'NVFP4',
};

function decodeFloat32(raw: Uint8Array, out: Float32Array): void {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(raw);
}

/** Rounded to the nearest float32. */
function decodeFloat64(raw: Uint8Array, out: Float32Array): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(8 * i, true);
}

/** Q4_0, 18 bytes: d, 16 bytes with q[j] in the low and q[j + 16] in the high half. x = d (q - 8). */
function decodeQ4_0(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 18, o += 32) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    for (let j = 0; j < 16; j++) {
      const q = raw[at + 2 + j]!;
      out[o + j] = d * ((q & 15) - 8);
      out[o + j + 16] = d * ((q >> 4) - 8);
    }
  }
}

/** Q4_1, 20 bytes: d, m, 16 bytes as in Q4_0. x = d q + m. */
function decodeQ4_1(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 20, o += 32) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    const m = half[raw[at + 2]! | (raw[at + 3]! << 8)]!;
    for (let j = 0; j < 16; j++) {
      const q = raw[at + 4 + j]!;
      out[o + j] = d * (q & 15) + m;
      out[o + j + 16] = d * (q >> 4) + m;
    }
  }
}

/** Q5_0, 22 bytes: d, 32 bits with the fifth bit of q[j] at bit j, 16 bytes as in Q4_0. x = d (q - 16). */
function decodeQ5_0(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 22, o += 32) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    const high = uint32(raw, at + 2);
    for (let j = 0; j < 16; j++) {
      const q = raw[at + 6 + j]!;
      out[o + j] = d * (((q & 15) | (((high >>> j) & 1) << 4)) - 16);
      out[o + j + 16] = d * (((q >> 4) | (((high >>> (j + 16)) & 1) << 4)) - 16);
    }
  }
}

/** Q5_1, 24 bytes: d, m, then as Q5_0. x = d q + m. */
function decodeQ5_1(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 24, o += 32) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    const m = half[raw[at + 2]! | (raw[at + 3]! << 8)]!;
    const high = uint32(raw, at + 4);
    for (let j = 0; j < 16; j++) {
      const q = raw[at + 8 + j]!;
      out[o + j] = d * ((q & 15) | (((high >>> j) & 1) << 4)) + m;
      out[o + j + 16] = d * ((q >> 4) | (((high >>> (j + 16)) & 1) << 4)) + m;
    }
  }
}

/** Q8_0, 34 bytes: d, 32 signed bytes. x = d q. */
function decodeQ8_0(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 34, o += 32) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    for (let j = 0; j < 32; j++) out[o + j] = d * ((raw[at + 2 + j]! << 24) >> 24);
  }
}

/** The 16 values an IQ4_NL number can have, closer together around 0. */
const IQ4_NL_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

/** IQ4_NL, 18 bytes as Q4_0. x = d value[q]. */
function decodeIQ4NL(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 18, o += 32) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    for (let j = 0; j < 16; j++) {
      const q = raw[at + 2 + j]!;
      out[o + j] = d * IQ4_NL_VALUES[q & 15]!;
      out[o + j + 16] = d * IQ4_NL_VALUES[q >> 4]!;
    }
  }
}

/**
 * Q2_K, 84 bytes: 16 bytes with a 4-bit scale (low) and minimum (high) per 16 elements, 64 bytes of 2-bit q, d, m.
 * A run of 32 q bytes holds 128 elements: bits 2k and 2k+1 are elements 32k ... 32k + 31. x = d scale q - m min.
 */
function decodeQ2K(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 84, o += 256) {
    const d = half[raw[at + 80]! | (raw[at + 81]! << 8)]!;
    const m = half[raw[at + 82]! | (raw[at + 83]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const scale = d * (raw[at + group]! & 15);
      const min = m * (raw[at + group]! >> 4);
      const q = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
      const shift = group & 6;
      for (let j = 0; j < 16; j++) out[o + group * 16 + j] = scale * ((raw[q + j]! >> shift) & 3) - min;
    }
  }
}

/**
 * Q3_K, 110 bytes: 32 bytes of third bits (bit k of byte j is element 32k + j), 64 bytes of 2-bit q as in Q2_K,
 * 12 bytes of 16 6-bit scales (4 low bits in bytes 0-7, 2 high bits in bytes 8-11), d. x = d (scale - 32) (q - 4).
 */
function decodeQ3K(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 110, o += 256) {
    const d = half[raw[at + 108]! | (raw[at + 109]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const low = raw[at + 96 + (group & 7)]! >> (group < 8 ? 0 : 4);
      const high = raw[at + 104 + (group & 3)]! >> ((group >> 2) * 2);
      const scale = d * (((low & 15) | ((high & 3) << 4)) - 32);
      const q = at + 32 + (group >> 3) * 32 + (group & 1) * 16;
      const third = at + (group & 1) * 16;
      const shift = group & 6;
      const bit = 1 << (group >> 1);
      for (let j = 0; j < 16; j++) {
        const offset = (raw[third + j]! & bit) === 0 ? 4 : 0;
        out[o + group * 16 + j] = scale * (((raw[q + j]! >> shift) & 3) - offset);
      }
    }
  }
}

/**
 * Q4_K, 144 bytes: d, m, 12 bytes of 8 6-bit scales and minima (see {@link scaleAndMin}), 128 bytes of 4-bit q.
 * A run of 32 q bytes holds 64 elements: the low halves are the first 32. x = d scale q - m min.
 */
function decodeQ4K(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 144, o += 256) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    const m = half[raw[at + 2]! | (raw[at + 3]! << 8)]!;
    for (let group = 0; group < 8; group++) {
      const packed = scaleAndMin(raw, at + 4, group);
      const scale = d * (packed & 63);
      const min = m * (packed >> 6);
      const q = at + 16 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let j = 0; j < 32; j++) out[o + group * 32 + j] = scale * ((raw[q + j]! >> shift) & 15) - min;
    }
  }
}

/** Q5_K, 176 bytes: as Q4_K, with 32 bytes of fifth bits before q: bit k of byte j is element 32k + j. */
function decodeQ5K(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 176, o += 256) {
    const d = half[raw[at]! | (raw[at + 1]! << 8)]!;
    const m = half[raw[at + 2]! | (raw[at + 3]! << 8)]!;
    for (let group = 0; group < 8; group++) {
      const packed = scaleAndMin(raw, at + 4, group);
      const scale = d * (packed & 63);
      const min = m * (packed >> 6);
      const q = at + 48 + (group >> 1) * 32;
      const shift = (group & 1) * 4;
      for (let j = 0; j < 32; j++) {
        const fifth = ((raw[at + 16 + j]! >> group) & 1) << 4;
        out[o + group * 32 + j] = scale * (((raw[q + j]! >> shift) & 15) | fifth) - min;
      }
    }
  }
}

/**
 * Q6_K, 210 bytes: 128 bytes of low 4 bits, 64 of high 2 bits, 16 signed scales (one per 16 elements), d.
 * Half a block (128 elements) has 64 low bytes and 32 high bytes. x = d scale (q - 32).
 */
function decodeQ6K(raw: Uint8Array, out: Float32Array): void {
  const half = float16Table();
  for (let at = 0, o = 0; o < out.length; at += 210, o += 256) {
    const d = half[raw[at + 208]! | (raw[at + 209]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const scale = d * ((raw[at + 192 + group]! << 24) >> 24);
      // Among the 128 elements of a half: k = which run of 32, the run's low bits lie in bytes 32 (k & 1) ...
      const k = (group >> 1) & 3;
      const low = at + (group >> 3) * 64 + (k & 1) * 32 + (group & 1) * 16;
      const lowShift = (k >> 1) * 4;
      const high = at + 128 + (group >> 3) * 32 + (group & 1) * 16;
      for (let j = 0; j < 16; j++) {
        const q = ((raw[low + j]! >> lowShift) & 15) | (((raw[high + j]! >> (2 * k)) & 3) << 4);
        out[o + group * 16 + j] = scale * (q - 32);
      }
    }
  }
}

/** 6-bit scale (low bits of the result) and minimum (above them) of group 0-7 out of 12 bytes. */
function scaleAndMin(raw: Uint8Array, at: number, group: number): number {
  if (group < 4) return (raw[at + group]! & 63) | ((raw[at + group + 4]! & 63) << 6);
  const low = raw[at + group + 4]!;
  const scale = (low & 15) | ((raw[at + group - 4]! >> 6) << 4);
  const min = (low >> 4) | ((raw[at + group]! >> 6) << 4);
  return scale | (min << 6);
}

function uint32(raw: Uint8Array, at: number): number {
  return raw[at]! | (raw[at + 1]! << 8) | (raw[at + 2]! << 16) | (raw[at + 3]! << 24);
}
