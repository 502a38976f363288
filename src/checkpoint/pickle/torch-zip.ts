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
  await checkByteOrder(file, records.get(`${folder}byteorder`));
  const pickle = records.get(folder + PICKLE)!;
  if (pickle.sizeBytes > MOST_PICKLE_BYTES) {
    throw invalidPickle(
      file,
      `${PICKLE} has ${pickle.sizeBytes} bytes, expected at most ${MOST_PICKLE_BYTES}`,
    );
  }
  const bytes = await readRange(file, pickle.start, pickle.sizeBytes);
  return {
    object: unpickleAll(`${file}, ${PICKLE}`, bytes),
    rangeOf: ({ key }) => records.get(`${folder}data/${key}`),
  };
}

/** Where the content of each record lies. The reader of the directory refuses paths that leave the archive. */
async function listRecords(file: string): Promise<ReadonlyMap<string, ByteRange>> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    const most = ARCHIVE_LIMITS.model.entries;
    if (zip.entryCount > most)
      throw invalidPickle(file, `the archive has ${zip.entryCount} records, at most ${most} are read`);
    const records = new Map<string, ByteRange>();
    for await (const entry of zip.eachEntry()) {
      if (records.has(entry.fileName))
        throw invalidPickle(file, `it has two records ${shown(entry.fileName)}`);
      records.set(entry.fileName, await placeOf(file, zip, entry));
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

async function placeOf(file: string, zip: ZipFile, entry: Entry): Promise<ByteRange> {
  if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
    throw invalidPickle(
      file,
      `the record ${shown(entry.fileName)} is compressed or encrypted`,
      'torch.save stores records as they are, so that they can be read where they lie: save the file again.',
    );
  }
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  return { start: fileDataStart, sizeBytes: entry.uncompressedSize };
}

/** Written since PyTorch 2.1; without it the numbers are little-endian. */
async function checkByteOrder(file: string, record: ByteRange | undefined): Promise<void> {
  if (record === undefined) return;
  const order = Buffer.from(await readRange(file, record.start, Math.min(record.sizeBytes, 16))).toString(
    'latin1',
  );
  if (order !== 'little') throw invalidPickle(file, `its byte order is ${shown(order)}, expected "little"`);
}
