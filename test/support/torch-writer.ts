/**
 * @file Writes what torch.save writes, for tests: pickles put together by hand, and both forms of files around them. Right ones, and ones
 * that lie wherever asked.
 */
import { readAllSafetensors } from '../../src/checkpoint/safetensors.ts';
import { sizeOf } from '../../src/tensor/host-tensor.ts';
import { zipBytes } from './zip-writer.ts';

const bytes = (...values: readonly number[]) => Buffer.from(values);
const ascii = (text: string) => Buffer.from(text, 'latin1');

export const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
export const MARK = ascii('(');
export const NONE = ascii('N');
export const FALSE = bytes(0x89);
export const REDUCE = ascii('R');

/** LONG1 where a number has more than 31 bits. */
export function number(value: number | bigint): Buffer {
  if (value >= 0 && value < 2 ** 31) {
    const out = Buffer.alloc(5, 'J');
    out.writeInt32LE(Number(value), 1);
    return out;
  }
  const out = Buffer.alloc(12, 0);
  out.set([0x8a, 10]);
  out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 2);
  out.writeInt16LE(Number(BigInt.asIntN(16, BigInt(value) >> 64n)), 10);
  return out;
}

export function text(value: string): Buffer {
  const size = Buffer.alloc(5, 'X');
  size.writeUInt32LE(Buffer.byteLength(value), 1);
  return join(size, Buffer.from(value));
}

export const global = (module: string, name: string) => ascii(`c${module}\n${name}\n`);
export const tuple = (...items: readonly Uint8Array[]) => join(MARK, ...items, ascii('t'));
export const call = (callee: Uint8Array, ...values: readonly Uint8Array[]) =>
  join(callee, tuple(...values), REDUCE);
export const dict = (entries: Readonly<Record<string, Uint8Array>>) =>
  join(ascii('}('), ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), ascii('u'));
export const list = (...items: readonly Uint8Array[]) => join(ascii(']('), ...items, ascii('e'));
export const pickle = (value: Uint8Array, protocol = 2) => join(bytes(0x80, protocol), value, ascii('.'));

export interface TorchTensor {
  /** Key of its storage. */
  readonly storage: string;
  /** `FloatStorage`, `HalfStorage` ... */
  readonly type: string;
  /** Elements of the storage. */
  readonly count: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
}

export function storage({ storage: key, type, count }: TorchTensor): Buffer {
  return join(
    tuple(text('storage'), global('torch', type), text(key), text('cpu'), number(count)),
    ascii('Q'),
  );
}

export function tensor(of: TorchTensor): Buffer {
  const orderedDict = call(global('collections', 'OrderedDict'));
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    storage(of),
    number(of.offset ?? 0),
    tuple(...of.shape.map(number)),
    tuple(...of.strides.map(number)),
    FALSE,
    orderedDict,
  );
}

/** A pickle of a dict of tensors. */
export const stateDict = (tensors: Readonly<Record<string, TorchTensor>>) =>
  pickle(dict(Object.fromEntries(Object.entries(tensors).map(([name, of]) => [name, tensor(of)]))));

export type Storages = Readonly<Record<string, Uint8Array>>;

/** The form of PyTorch 1.6 and later. */
export const torchZip = (
  data: Uint8Array,
  storages: Storages = {},
  records: Readonly<Record<string, string | Uint8Array>> = { byteorder: 'little' },
): Buffer =>
  zipBytes(
    Object.fromEntries([
      ['archive/data.pkl', data],
      ...Object.entries(records).map(([name, content]) => [`archive/${name}`, content]),
      ...Object.entries(storages).map(([key, content]) => [`archive/data/${key}`, content]),
    ]),
    'stored',
  );

export const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

/** The form before PyTorch 1.6; the elements of the storages have `elementBytes`. */
export function torchLegacy(
  data: Uint8Array,
  storages: Storages,
  elementBytes: number,
  { magic = LEGACY_MAGIC, version = 1001, littleEndian = bytes(0x88) as Uint8Array } = {},
): Buffer {
  return join(
    pickle(number(magic)),
    pickle(number(version)),
    pickle(dict({ protocol_version: number(1001), little_endian: littleEndian })),
    data,
    pickle(list(...Object.keys(storages).map(text))),
    ...Object.values(storages).flatMap((content) => {
      const count = Buffer.alloc(8);
      count.writeBigInt64LE(BigInt(Math.floor(content.byteLength / elementBytes)));
      return [count, content];
    }),
  );
}

/** The tensors of a safetensors file of float32, as torch.save writes them. */
export async function asPytorchFile(safetensors: string): Promise<Buffer> {
  const tensors: Record<string, TorchTensor> = {};
  const storages: Record<string, Uint8Array> = {};
  for (const [name, { shape, data }] of await readAllSafetensors(safetensors)) {
    const key = String(Object.keys(storages).length);
    const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
    tensors[name] = { storage: key, type: 'FloatStorage', count: data.length, shape, strides };
    storages[key] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  return torchZip(stateDict(tensors), storages);
}

export const floats = (...values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);
