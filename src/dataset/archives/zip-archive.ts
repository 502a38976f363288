/**
 * @file Zip archives of others (.jar, .whl, .zip), read entry by entry: only plain files, no path that leaves the
 * archive, no file and no sum past a limit. Writes no file; knows nothing of what the archive holds.
 */
import { stat } from 'node:fs/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { ARCHIVE_LIMITS, mostUnpackedBytes } from '../../base/archive-limits.ts';
import { fileError } from '../../base/files.ts';
import type { ReadOptions, TarVisitor } from './tar-archive.ts';

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
  { signal, limits }: ReadOptions = {},
): Promise<void> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    const bounds = { ...ARCHIVE_LIMITS.source, ...limits };
    const totalBytes = mostUnpackedBytes((await stat(path)).size, bounds);
    if (zip.entryCount > bounds.entries)
      return visitor.onProblem('archive that unpacks to too much', undefined);
    const seen = new Set<string>();
    let total = 0;
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      const name = entry.fileName.replace(/^(?:\.\/)+/, '');
      if (name.endsWith('/')) continue;
      if (((entry.externalFileAttributes >>> 16) & UNIX_TYPE) === UNIX_LINK) {
        visitor.onProblem('archive entry that is a link or no file', name);
      } else if (visitor.wants(name)) {
        if (entry.isEncrypted()) return visitor.onProblem('archive that is encrypted', undefined);
        if (seen.has(name)) {
          visitor.onProblem('archive entry of a name that came before', name);
          continue;
        }
        seen.add(name);
        if (entry.uncompressedSize > bounds.fileBytes) {
          visitor.onProblem('file over the size limit', name);
          continue;
        }
        total += entry.uncompressedSize;
        if (total > totalBytes) return visitor.onProblem('archive that unpacks to too much', undefined);
        visitor.onFile(name, await contentOf(zip, entry, signal));
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
async function contentOf(zip: ZipFile, entry: Entry, signal: AbortSignal | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    signal?.throwIfAborted();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
