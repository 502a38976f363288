/** @file TensorProto.DataType: the numbers by which ONNX knows element types. */
import type { DType } from '../tensor/dtype.ts';

export const DATA_TYPE: { readonly [K in DType | 'float16']: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
};
