/**
 * @file The meaning of the calls and persistent ids in the pickle of a state_dict: storages, tensors, parameters. Every number is held
 * to what a tensor can have. Throws a message alone: who reads the pickle knows the place.
 */
import { ELEMENT_BYTES, type ElementType } from '../element-types.ts';
import type { PickledStorage, PickledTensor, PickleValue } from './pickle-value.ts';
import { spanOf } from './strides.ts';
import { Unexpected } from './unexpected.ts';

/** PyTorch's own limit of axes. */
const MOST_AXES = 64;

/** ('storage', type, key, location, count), and None in the form before PyTorch 1.6. */
export function storageOf(id: PickleValue): PickledStorage {
  const [word, type, key, , count, view] = itemsOf(id) ?? [];
  if (word !== 'storage') throw new Unexpected('a persistent id that is not a storage');
  if (!isKind(type, 'storage-type')) throw new Unexpected('a storage of no known type');
  if (typeof key !== 'string') throw new Unexpected('a storage without a key');
  if (!isSize(count)) throw new Unexpected('a storage without a size');
  if (view !== undefined && view !== null) throw new Unexpected('a storage that is a view of another');
  const sizeBytes = count * elementBytes(type.type);
  if (!isSize(sizeBytes)) throw new Unexpected(`a storage of ${sizeBytes} bytes`);
  return { kind: 'storage', key, type: type.type, count, sizeBytes };
}

/** What a call of an allowed global gives. */
export function call(callee: PickleValue, argument: PickleValue): PickleValue {
  const values = itemsOf(argument);
  if (values === undefined || !isObject(callee)) throw new Unexpected('a call of what cannot be called');
  switch (callee.kind) {
    case 'ordered-dict':
      if (values.length > 0) throw new Unexpected('an OrderedDict made with arguments');
      return { kind: 'dict', entries: [] };
    case 'size':
      return { kind: 'tuple', items: sizes(values[0], 'size') };
    case 'rebuild-parameter':
      if (!isKind(values[0], 'tensor')) throw new Unexpected('a parameter without a tensor');
      return values[0];
    case 'rebuild-tensor':
      return rebuildTensor(callee.version, values);
    case 'tuple':
    case 'list':
    case 'dict':
    case 'storage-type':
    case 'dtype':
    case 'storage':
    case 'tensor':
      throw new Unexpected('a call of what cannot be called');
  }
}

/** (storage, offset, size, stride[, requires_grad, backward_hooks[, dtype][, metadata]]) */
function rebuildTensor(version: 1 | 2 | 3, values: readonly PickleValue[]): PickledTensor {
  const [storage, offset, size, stride] = values;
  if (!isKind(storage, 'storage')) throw new Unexpected('a tensor without a storage');
  const shape = sizes(size, 'size');
  const strides = sizes(stride, 'stride');
  if (!isSize(offset)) throw new Unexpected('a tensor without an offset');
  if (strides.length !== shape.length) {
    throw new Unexpected(`a tensor of ${shape.length} sizes and ${strides.length} strides`);
  }
  const type = version === 3 ? dtypeOf(values[6]) : storage.type;
  if (type === 'untyped') throw new Unexpected('a tensor without an element type');
  // Marks of tensors that are read negated or conjugated.
  const metadata = values[version === 3 ? 7 : 6];
  if (
    metadata !== undefined &&
    metadata !== null &&
    !(isKind(metadata, 'dict') && metadata.entries.length === 0)
  ) {
    throw new Unexpected('a tensor with metadata');
  }
  const tensor = { kind: 'tensor', storage, type, offset, shape, strides } as const;
  const endBytes = (offset + spanOf(shape, strides)) * ELEMENT_BYTES[type];
  if (!isSize(endBytes) || endBytes > storage.sizeBytes) {
    const what = `a tensor [${shape.slice(0, 8).join(', ')}] that ends at byte ${endBytes} of a storage of ${storage.sizeBytes}`;
    throw new Unexpected(what);
  }
  return tensor;
}

function dtypeOf(value: PickleValue | undefined): ElementType {
  if (isKind(value, 'dtype')) return value.type;
  throw new Unexpected('a tensor without an element type');
}

function sizes(value: PickleValue | undefined, what: string): readonly number[] {
  const items = itemsOf(value);
  if (items === undefined || items.length > MOST_AXES || !items.every(isSize)) {
    throw new Unexpected(`a ${what} that is not a tuple of at most ${MOST_AXES} numbers`);
  }
  return items;
}

const elementBytes = (type: ElementType | 'untyped') => (type === 'untyped' ? 1 : ELEMENT_BYTES[type]);

const isSize = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const itemsOf = (value: PickleValue | undefined) => (isKind(value, 'tuple') ? value.items : undefined);

const isObject = (value: PickleValue | undefined): value is Extract<PickleValue, { kind: string }> =>
  typeof value === 'object' && value !== null;

export const isKind = <K extends Extract<PickleValue, { kind: string }>['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> => isObject(value) && value.kind === kind;
