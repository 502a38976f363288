/**
 * @file Element types of stored tensors under their safetensors names, and plain bytes of them as tensors in memory.
 * Assumes a little-endian host, as the files are.
 */
import { type HostTensor, hostTensor, sizeOf } from '../tensor/host-tensor.ts';
import { decodeBfloat16, decodeFloat16 } from './float-formats.ts';

/** Bytes per element. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/**
 * F16 and BF16 as float32; F64, F32, I64, I32, U32, I8, U8, BOOL as they are; undefined for the other types, which no tensor in
 * memory has. `bytes` owns its buffer, so that plain types are a view of it and not a copy.
 */
export function decodeElements(
  type: ElementType,
  shape: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): HostTensor | undefined {
  switch (type) {
    case 'F64':
      return hostTensor('float64', shape, new Float64Array(bytes.buffer));
    case 'F32':
      return hostTensor('float32', shape, new Float32Array(bytes.buffer));
    case 'F16':
    case 'BF16': {
      const out = new Float32Array(sizeOf(shape));
      (type === 'F16' ? decodeFloat16 : decodeBfloat16)(bytes, out);
      return hostTensor('float32', shape, out);
    }
    case 'I64':
      return hostTensor('int64', shape, new BigInt64Array(bytes.buffer));
    case 'I32':
      return hostTensor('int32', shape, new Int32Array(bytes.buffer));
    case 'U32':
      return hostTensor('uint32', shape, new Uint32Array(bytes.buffer));
    case 'I8':
      return hostTensor('int8', shape, new Int8Array(bytes.buffer));
    case 'U8':
      return hostTensor('uint8', shape, bytes);
    case 'BOOL':
      return hostTensor('bool', shape, bytes);
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'I16':
    case 'U64':
    case 'U16':
      return undefined;
  }
}
