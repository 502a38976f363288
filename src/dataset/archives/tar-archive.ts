/**
 * @file Tar archives of others, read as a stream: only plain files, no name twice, no path that leaves the archive, no file
 * and no sum past a limit. Writes no file; does not know what the archive holds.
 */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Parser, type ReadEntry } from 'tar';
import {
  ARCHIVE_LIMITS,
  type ArchiveLimits,
  mostUnpackedBytes,
  pathInArchive,
} from '../../base/archive-limits.ts';
import { fileError } from '../../base/files.ts';
import { UnpacksTooMuch, unpackedBytes } from './unpacked-bytes.ts';

export type TarProblem =
  | 'archive that unpacks to too much'
  | 'archive that is damaged'
  | 'archive that is encrypted'
  | 'archive entry of a name that came before'
  | 'archive entry with a path out of the archive'
  | 'archive entry that is a link or no file'
  | 'file over the size limit';

/** A file's path with `/`, without `./`; its bytes only when `wants` said so. */
export interface TarVisitor {
  wants(path: string): boolean;
  onFile(path: string, bytes: Buffer): void;
  /** The path is undefined where the archive as a whole is meant, or where it is not to be trusted. */
  onProblem(problem: TarProblem, path: string | undefined): void;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Where they are not those of source code. */
  readonly limits?: Partial<ArchiveLimits>;
}

/**
 * Reads the gzipped archive once, from start to end. What is skipped is told as a problem; so is an archive that is cut short
 * or is none, with what came before it kept.
 * @throws VultuneError `FILE_*` when it cannot be opened; the signal's reason.
 */
export async function readTarGz(
  path: string,
  visitor: TarVisitor,
  { signal, limits }: ReadOptions = {},
): Promise<void> {
  const onEntry = ({ path: name, content }: TarEntry) => {
    const chunks: Buffer[] = [];
    content.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
    content.on('end', () => visitor.onFile(name, Buffer.concat(chunks)));
  };
  const entries: TarEntries = {
    wants: (name) => visitor.wants(name),
    onProblem: (problem, name) => visitor.onProblem(problem, name),
    onEntry,
  };
  try {
    await readTar(path, entries, {
      isGzip: true,
      limits: { ...ARCHIVE_LIMITS.source, ...limits },
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    const known = fileError(error, path, 'read');
    if (known !== error) throw known;
    const isTooLarge = error instanceof UnpacksTooMuch;
    visitor.onProblem(isTooLarge ? 'archive that unpacks to too much' : 'archive that is damaged', undefined);
  }
}

/** One plain file of an archive. */
export interface TarEntry {
  /** With `/`, without `./`. */
  readonly path: string;
  /** As the archive writes it. */
  readonly name: string;
  /** Its bytes, to be read or resumed: the next entry comes behind them. */
  readonly content: ReadEntry;
}

export interface TarEntries extends Pick<TarVisitor, 'wants' | 'onProblem'> {
  onEntry(entry: TarEntry): void;
}

export interface ReadTarOptions {
  readonly isGzip: boolean;
  readonly limits: ArchiveLimits;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the archive itself read so far. */
  readonly onBytes?: ((done: number) => void) | undefined;
}

/** Deflate packs nothing better than 1,032 to 1, and that is a run of one byte. */
const MOST_TIMES_ITS_SIZE = 1000;

/**
 * Gives the entries in the archive's order, no faster than they are read.
 * @throws UnpacksTooMuch past a limit, by what headers say or by what comes out; the errors of the file, of zlib and of tar,
 * each after the entries that came before it; an AbortError.
 */
export async function readTar(
  path: string,
  visitor: TarEntries,
  { isGzip, limits, signal, onBytes }: ReadTarOptions,
): Promise<void> {
  const maxBytes = mostUnpackedBytes((await stat(path)).size, limits);
  const seen = new Set<string>();
  let [entries, declaredBytes, unpacked] = [0, 0, 0];
  let tooLarge: UnpacksTooMuch | undefined;
  const accept = (entry: ReadEntry): TarEntry | undefined => {
    const name = pathInArchive(entry.path);
    const problem = entryProblem(entry, name);
    if (problem !== undefined) visitor.onProblem(problem, name);
    if (name === undefined || problem !== undefined || entry.type === 'Directory' || !visitor.wants(name)) {
      return undefined;
    }
    if (entry.size > limits.fileBytes) visitor.onProblem('file over the size limit', name);
    else if (seen.has(name)) visitor.onProblem('archive entry of a name that came before', name);
    else {
      seen.add(name);
      return { path: name, name: entry.path, content: entry };
    }
    return undefined;
  };
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      const accepted = accept(entry);
      declaredBytes += entry.size;
      if (declaredBytes > maxBytes) tooLarge ??= UnpacksTooMuch.bytes(maxBytes);
      if (++entries > limits.entries) tooLarge ??= new UnpacksTooMuch(`${entries} files`);
      if (accepted === undefined || tooLarge !== undefined) entry.resume();
      else visitor.onEntry(accepted);
    },
  });
  let failure: unknown;
  parser.on('error', (error) => {
    failure ??= error;
  });
  const until = signal === undefined ? {} : { signal };
  let packed = 0;
  const source = { isGzip, maxBytes, signal, onBytes: (done: number) => (packed = done) };
  try {
    for await (const chunk of unpackedBytes(path, source)) {
      onBytes?.(packed);
      unpacked += chunk.length;
      if (unpacked > packed * MOST_TIMES_ITS_SIZE) throw new UnpacksTooMuch('a thousand times its size');
      const flows = parser.write(chunk);
      if (failure !== undefined) throw failure;
      // Who has an entry has not read it all yet.
      if (!flows && tooLarge === undefined) await once(parser, 'drain', until);
      if (tooLarge !== undefined) throw tooLarge;
    }
    const ended = once(parser, 'end', until);
    parser.end();
    await ended;
  } catch (error) {
    throw tooLarge ?? error;
  }
  if (tooLarge !== undefined) throw tooLarge;
}

function entryProblem(entry: ReadEntry, path: string | undefined): TarProblem | undefined {
  if (path === undefined) return 'archive entry with a path out of the archive';
  const plain = ['Directory', 'File', 'OldFile', 'ContiguousFile'].includes(entry.type);
  return plain ? undefined : 'archive entry that is a link or no file';
}
