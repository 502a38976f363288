/** @file The only names that a pickle may mention: what torch.save writes for tensors. None of them is called, each has a meaning here. */
import type { ElementType } from '../element-types.ts';
import type { AllowedGlobal } from './pickle-value.ts';

const STORAGES = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
} as const satisfies Readonly<Record<string, ElementType>>;

const DTYPES = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
} as const satisfies Readonly<Record<string, ElementType>>;

const ALLOWED: ReadonlyMap<string, AllowedGlobal> = new Map<string, AllowedGlobal>([
  ['collections.OrderedDict', { kind: 'ordered-dict' }],
  ['torch.Size', { kind: 'size' }],
  ['torch._utils._rebuild_parameter', { kind: 'rebuild-parameter' }],
  ['torch._utils._rebuild_tensor', { kind: 'rebuild-tensor', version: 1 }],
  ['torch._utils._rebuild_tensor_v2', { kind: 'rebuild-tensor', version: 2 }],
  ['torch._utils._rebuild_tensor_v3', { kind: 'rebuild-tensor', version: 3 }],
  ['torch.storage.UntypedStorage', { kind: 'storage-type', type: 'untyped' }],
  ['torch.UntypedStorage', { kind: 'storage-type', type: 'untyped' }],
  ...Object.entries(STORAGES).map(
    ([name, type]) => [`torch.${name}`, { kind: 'storage-type', type }] as const,
  ),
  ...Object.entries(DTYPES).map(([name, type]) => [`torch.${name}`, { kind: 'dtype', type }] as const),
]);

/** Undefined for every name that is not on the list. */
export const allowedGlobal = (module: string, name: string): AllowedGlobal | undefined =>
  ALLOWED.get(`${module}.${name}`);
