/**
 * @file The form before PyTorch 1.6: five pickles one after the other (a magic number, a version, facts of the machine, the object, the
 * keys of the storages), then for each key an int64 count of elements and their bytes.
 */
import { NeedMoreBytes } from '../need-more-bytes.ts';
import { openFile, readRange, readRangeFrom } from '../read-range.ts';
import { PickleCursor } from './pickle-cursor.ts';
import { invalidPickle, shown } from './pickle-error.ts';
import type { PickledStorage, PickleValue } from './pickle-value.ts';
import { isKind } from './rebuild.ts';
import { storagesOf } from './state-dict.ts';
import { type ByteRange, MOST_PICKLE_BYTES, type TorchLayout } from './torch-layout.ts';
import { unpickle } from './unpickle.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/** Holds the pickles of most models. */
const FIRST_READ_BYTES = 2 ** 20;

/** Throws CHECKPOINT_PICKLE_INVALID, CHECKPOINT_PICKLE_REFUSED. */
export async function readTorchLegacy(file: string, fileSize: number): Promise<TorchLayout> {
  const { object, keys, end } = await readPickles(file, fileSize);
  const storages = storagesOf(file, object);
  const ranges = await placeStorages(file, fileSize, storages, keys, end);
  return { object, rangeOf: ({ key }) => ranges.get(key) };
}

interface Pickles {
  readonly object: PickleValue;
  readonly keys: readonly string[];
  /** Where the first storage begins. */
  readonly end: number;
}

async function readPickles(file: string, fileSize: number): Promise<Pickles> {
  const most = Math.min(fileSize, MOST_PICKLE_BYTES);
  for (let length = Math.min(FIRST_READ_BYTES, most); ; length = Math.min(8 * length, most)) {
    const cursor = new PickleCursor(await readRange(file, 0, length));
    try {
      return parsePickles(file, cursor);
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      if (length === most) throw invalidPickle(file, `its pickles do not end in its first ${length} bytes`);
    }
  }
}

function parsePickles(file: string, cursor: PickleCursor): Pickles {
  if (unpickle(file, cursor) !== MAGIC) {
    throw invalidPickle(file, 'a pickle, but not one of torch.save: it does not begin with its magic number');
  }
  const version = unpickle(file, cursor);
  if (version !== VERSION) {
    throw invalidPickle(
      file,
      `it is of version ${typeof version === 'number' ? version : 'unknown'}, expected ${VERSION}`,
    );
  }
  checkMachine(file, unpickle(file, cursor));
  const object = unpickle(file, cursor);
  const keys = unpickle(file, cursor);
  if (!isKind(keys, 'list') || !keys.items.every((key) => typeof key === 'string')) {
    throw invalidPickle(file, 'the keys of its storages are not a list of texts');
  }
  return { object, keys: keys.items, end: cursor.position };
}

function checkMachine(file: string, machine: PickleValue): void {
  if (!isKind(machine, 'dict'))
    throw invalidPickle(file, 'the facts of the machine that wrote it are not a dict');
  const at = machine.entries.findIndex((entry, place) => place % 2 === 0 && entry === 'little_endian');
  if (at >= 0 && machine.entries[at + 1] !== true) throw invalidPickle(file, 'its numbers are big-endian');
}

const COUNT_BYTES = 8;

/** The storages lie one after the other in the order of `keys`. */
async function placeStorages(
  file: string,
  fileSize: number,
  storages: ReadonlyMap<string, PickledStorage>,
  keys: readonly string[],
  end: number,
): Promise<ReadonlyMap<string, ByteRange>> {
  const ranges = new Map<string, ByteRange>();
  const handle = await openFile(file);
  try {
    let at = end;
    for (const key of keys) {
      const storage = storages.get(key);
      if (storage === undefined || ranges.has(key)) {
        throw invalidPickle(file, `the storage ${shown(key)} is listed, but not once by the tensors`);
      }
      if (at + COUNT_BYTES + storage.sizeBytes > fileSize) {
        throw invalidPickle(
          file,
          `the storage ${shown(key)} ends at byte ${at + COUNT_BYTES + storage.sizeBytes}, the file at ${fileSize}`,
        );
      }
      const count = Buffer.from(await readRangeFrom(handle, file, at, COUNT_BYTES)).readBigInt64LE();
      if (Number(count) !== storage.count) {
        throw invalidPickle(
          file,
          `the storage ${shown(key)} has ${count} elements, its tensors say ${storage.count}`,
        );
      }
      ranges.set(key, { start: at + COUNT_BYTES, sizeBytes: storage.sizeBytes });
      at += COUNT_BYTES + storage.sizeBytes;
    }
    return ranges;
  } finally {
    await handle.close();
  }
}
