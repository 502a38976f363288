/**
 * @file Compressed tar archives of others, read as a stream: only plain files, no path that leaves the archive, no file
 * and no sum past a limit. Writes no file; knows nothing of what the archive holds.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import {
  ARCHIVE_LIMITS,
  type ArchiveLimits,
  mostUnpackedBytes,
  pathInArchive,
} from '../../base/archive-limits.ts';
import { fileError } from '../../base/files.ts';

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
 * Reads the archive once, from start to end. What is skipped is told as a problem; so is an archive that is cut short or
 * is none, with what came before it kept.
 * @throws VultuneError `FILE_*` when it cannot be opened; the signal's reason.
 */
export async function readTarGz(
  path: string,
  visitor: TarVisitor,
  { signal, limits }: ReadOptions = {},
): Promise<void> {
  const file = createReadStream(path, signal === undefined ? {} : { signal });
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  try {
    const bounds = { ...ARCHIVE_LIMITS.source, ...limits };
    const totalBytes = mostUnpackedBytes((await stat(path)).size, bounds);
    // Only now: an error of the stream that comes before its reader would end the process.
    file.pipe(unpacked);
    await parseTar(unpacked, visitor, { ...bounds, totalBytes });
  } catch (error) {
    signal?.throwIfAborted();
    const known = fileError(error, path, 'read');
    if (known !== error) throw known;
    const problem =
      error instanceof TooLarge ? 'archive that unpacks to too much' : 'archive that is damaged';
    visitor.onProblem(problem, undefined);
  } finally {
    file.destroy();
    unpacked.destroy();
  }
}

class TooLarge extends Error {}

async function parseTar(stream: Readable, visitor: TarVisitor, limits: ArchiveLimits): Promise<void> {
  const seen = new Set<string>();
  let entries = 0;
  const onReadEntry = (entry: ReadEntry) => {
    entries++;
    const path = pathInArchive(entry.path);
    const problem = entryProblem(entry, path);
    if (problem !== undefined) visitor.onProblem(problem, path);
    if (path === undefined || problem !== undefined || entry.type === 'Directory' || !visitor.wants(path)) {
      entry.resume();
    } else if (entry.size > limits.fileBytes) {
      visitor.onProblem('file over the size limit', path);
      entry.resume();
    } else if (seen.has(path)) {
      visitor.onProblem('archive entry of a name that came before', path);
      entry.resume();
    } else {
      seen.add(path);
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
      entry.on('end', () => visitor.onFile(path, Buffer.concat(chunks)));
    }
  };
  const parser = new Parser({ strict: true, onReadEntry });
  let failure: Error | undefined;
  parser.on('error', (error) => {
    failure ??= error instanceof Error ? error : new Error(String(error));
  });
  let total = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > limits.totalBytes || entries > limits.entries) throw new TooLarge();
    parser.write(chunk);
    if (failure !== undefined) throw failure;
  }
  const ended = new Promise<void>((resolve) => parser.on('end', () => resolve()));
  parser.end();
  if (failure !== undefined) throw failure;
  await ended;
}

function entryProblem(entry: ReadEntry, path: string | undefined): TarProblem | undefined {
  if (path === undefined) return 'archive entry with a path out of the archive';
  const plain = ['Directory', 'File', 'OldFile', 'ContiguousFile'].includes(entry.type);
  return plain ? undefined : 'archive entry that is a link or no file';
}
