/**
 * @file The form of PyTorch 1.6 and later: a zip archive of records that are stored as they are, NAME/data.pkl and NAME/data/KEY. Only
 * the directory and the pickle are read.
 */
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { ARCHIVE_LIMITS } from '../../base/archive-limits.ts';
import { VultuneError } from '../../base/errors.ts';
import { readRange } from '../read-range.ts';
import { invalidPickle, refusedPickle, shown } from './pickle-error.ts';
import { type ByteRange, MOST_PICKLE_BYTES, type TorchLayout } from './torch-layout.ts';
import { unpickleAll } from './unpickle.ts';

const PICKLE = 'data.pkl';
const ENDING = `/${PICKLE}`;

/** Throws CHECKPOINT_PICKLE_INVALID, CHECKPOINT_PICKLE_REFUSED. */
export async function readTorchZip(file: string): Promise<TorchLayout> {
  const records = await listRecords(file);
  const pickles = [...records.keys()].filter((name) => name.endsWith(ENDING));
  if (pickles.length !== 1) {
    throw invalidPickle(file, `the archive has ${pickles.length} records ${PICKLE}, expected one`);
  }
  const folder = pickles[0]!.slice(0, -PICKLE.length);
  if (records.has(`${folder}constants.pkl`)) {
    throw refusedPickle(file, 'a TorchScript archive, which is a program', 'constants.pkl');
  }
  const find = (name: string) => plainRecord(file, name, records.get(folder + name));
  await checkByteOrder(file, find('byteorder'));
  const { start, sizeBytes } = find(PICKLE)!;
  if (sizeBytes > MOST_PICKLE_BYTES) {
    throw invalidPickle(file, `${PICKLE} has ${sizeBytes} bytes, expected at most ${MOST_PICKLE_BYTES}`);
  }
  const object = unpickleAll(`${file}, ${PICKLE}`, await readRange(file, start, sizeBytes));
  return { object, rangeOf: ({ key }) => find(`data/${key}`) };
}

interface ZipRecord extends ByteRange {
  /** Neither compressed nor encrypted: its bytes in the file are its content. */
  readonly isPlain: boolean;
}

function plainRecord(file: string, name: string, record: ZipRecord | undefined): ByteRange | undefined {
  if (record === undefined || record.isPlain) return record;
  throw invalidPickle(
    file,
    `the record ${shown(name)} is compressed or encrypted`,
    'torch.save stores records as they are, so that they can be read where they lie: save the file again.',
  );
}

/** Where the content of each record lies. The reader of the directory refuses paths that leave the archive. */
async function listRecords(file: string): Promise<ReadonlyMap<string, ZipRecord>> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    const most = ARCHIVE_LIMITS.model.entries;
    if (zip.entryCount > most)
      throw invalidPickle(file, `the archive has ${zip.entryCount} records, at most ${most} are read`);
    const records = new Map<string, ZipRecord>();
    for await (const entry of zip.eachEntry()) {
      if (records.has(entry.fileName))
        throw invalidPickle(file, `it has two records ${shown(entry.fileName)}`);
      records.set(entry.fileName, await placeOf(zip, entry));
    }
    return records;
  } catch (error) {
    if (error instanceof VultuneError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidPickle(file, `the zip archive is damaged: ${reason.slice(0, 200)}`);
  } finally {
    zip?.close();
  }
}

async function placeOf(zip: ZipFile, entry: Entry): Promise<ZipRecord> {
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const isPlain = entry.compressionMethod === 0 && !entry.isEncrypted();
  return { start: fileDataStart, sizeBytes: entry.uncompressedSize, isPlain };
}

/** Written since PyTorch 2.1; without it the numbers are little-endian. */
async function checkByteOrder(file: string, record: ByteRange | undefined): Promise<void> {
  if (record === undefined) return;
  const order = Buffer.from(await readRange(file, record.start, Math.min(record.sizeBytes, 16))).toString(
    'latin1',
  );
  if (order !== 'little') throw invalidPickle(file, `its byte order is ${shown(order)}, expected "little"`);
}
