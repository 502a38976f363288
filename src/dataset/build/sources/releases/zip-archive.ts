/**
 * @file Zip archives of others (.jar, .whl, .zip), read entry by entry: only plain files, no path that leaves the
 * archive, no file and no sum past a limit. Writes no file; knows nothing of what the archive holds.
 */
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { fileError } from '../../../../base/files.ts';
import { TAR_LIMITS, type TarLimits, type TarVisitor } from '../tar-archive.ts';

const MAX_ENTRIES = 500_000;
const UNIX_LINK = 0o120000;
const UNIX_TYPE = 0o170000;

/**
 * As `readTarGz`, for a zip archive: sizes are those that the archive says, and the reader holds it to them.
 * A path that leaves the archive ends the reading.
 * @throws VultuneError `FILE_*` when it cannot be opened; the signal's reason
 */
export async function readZip(
  path: string,
  visitor: TarVisitor,
  { signal, limits = TAR_LIMITS }: { signal?: AbortSignal; limits?: TarLimits } = {},
): Promise<void> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    if (zip.entryCount > MAX_ENTRIES) return visitor.onProblem('archive that unpacks to too much', undefined);
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      const name = entry.fileName.replace(/^(?:\.\/)+/, '');
      if (name.endsWith('/')) continue;
      if (((entry.externalFileAttributes >>> 16) & UNIX_TYPE) === UNIX_LINK) {
        visitor.onProblem('archive entry that is a link or no file', name);
      } else if (visitor.wants(name)) {
        if (entry.uncompressedSize > limits.fileBytes) {
          visitor.onProblem('file over the size limit', name);
          continue;
        }
        total += entry.uncompressedSize;
        if (total > limits.totalBytes)
          return visitor.onProblem('archive that unpacks to too much', undefined);
        visitor.onFile(name, await contentOf(zip, entry));
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    const known = fileError(error, path, 'read');
    if (known !== error) throw known;
    const leaves = error instanceof Error && /^(?:absolute|invalid relative) path/.test(error.message);
    visitor.onProblem(
      leaves ? 'archive entry with a path out of the archive' : 'archive that is damaged',
      undefined,
    );
  } finally {
    zip?.close();
  }
}

/** The reader ends with an error when the content is longer than the entry says. */
async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
