/**
 * @file One file over HTTP, whole and checked: continued after an interruption, in this run or a later one.
 * Works for any file; `target.incomplete` is the name Python's hub library uses too.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';

export interface FileDownload {
  readonly url: string;
  /** For messages. */
  readonly name: string;
  readonly target: string;
  readonly sizeBytes: number;
  /** SHA-256 of the content, or git's SHA-1 of the blob. */
  readonly digest: { readonly kind: 'sha256' | 'git'; readonly hex: string };
  /** Rejects with a VultuneError when the connection fails or the answer is an error. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly onBytes?: (receivedBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Pause before the second attempt; doubles. */
  readonly retryDelayMs?: number;
}

const MAX_ATTEMPTS = 5;

/**
 * Throws MODEL_DOWNLOAD_INTERRUPTED (what was received stays), MODEL_HASH_MISMATCH (nothing stays), DISK_FULL and the
 * like, and what `fetch` throws.
 */
export async function downloadFile(download: FileDownload): Promise<void> {
  const incomplete = `${download.target}.incomplete`;
  const resumed = (await sizeOfFile(incomplete)) > 0;
  await mkdir(dirname(download.target), { recursive: true });
  await receive(download, incomplete);
  if (!(await matches(download, incomplete))) {
    await rm(incomplete, { force: true });
    // The part from the earlier run may have been the bad one.
    if (resumed) return await downloadFile(download);
    throw new VultuneError(
      'MODEL_HASH_MISMATCH',
      `${download.name} arrived damaged: its ${download.digest.kind} hash is not ${download.digest.hex}`,
      {
        where: { file: download.name },
        hint: 'Try again; if it stays so, something between here and the hub changes the file.',
        exitCode: 1,
      },
    );
  }
  await rename(incomplete, download.target);
}

/** Fills `incomplete` to the full size. */
async function receive(download: FileDownload, incomplete: string): Promise<void> {
  let delayMs = download.retryDelayMs ?? 500;
  for (let attempt = 1; ; attempt++) {
    const dropped = await receiveOnce(download, incomplete);
    const received = await sizeOfFile(incomplete);
    if (received === download.sizeBytes) return;
    if (attempt === MAX_ATTEMPTS) {
      const message = `${download.name}: the connection broke ${attempt} times, ${received} of ${download.sizeBytes} bytes are here`;
      const hint = 'Run it again: it continues where it stopped.';
      throw new VultuneError('MODEL_DOWNLOAD_INTERRUPTED', message, { hint, cause: dropped, exitCode: 1 });
    }
    await sleep(delayMs, undefined, download.signal === undefined ? {} : { signal: download.signal });
    delayMs *= 2;
  }
}

/** One request for what is missing; returns the reason when the connection broke, throws what trying again cannot mend. */
async function receiveOnce(download: FileDownload, incomplete: string): Promise<unknown> {
  let have = await sizeOfFile(incomplete);
  if (have > download.sizeBytes) have = 0;
  if (have === download.sizeBytes && have > 0) return undefined;
  const response = await download.fetch(download.url, {
    headers: have > 0 ? { Range: `bytes=${have}-` } : {},
    ...(download.signal === undefined ? {} : { signal: download.signal }),
  });
  // A server without ranges sends the whole file.
  if (response.status !== 206) have = 0;
  const file = await open(incomplete, have === 0 ? 'w' : 'a').catch((error: unknown) => {
    throw fileError(error, incomplete, 'write');
  });
  try {
    for await (const chunk of chunksOf(response)) {
      await file.writeFile(chunk).catch((error: unknown) => {
        throw new WriteFailure(fileError(error, incomplete, 'write'));
      });
      have += chunk.byteLength;
      download.onBytes?.(have);
    }
    return undefined;
  } catch (error) {
    if (error instanceof WriteFailure) throw error.cause;
    download.signal?.throwIfAborted();
    return error;
  } finally {
    await file.close();
  }
}

/** Tells a full disk from a broken connection. */
class WriteFailure extends Error {
  constructor(cause: unknown) {
    super('write failed', { cause });
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  for await (const chunk of response.body) yield chunk as Uint8Array;
}

async function matches(download: FileDownload, path: string): Promise<boolean> {
  const hash = newHash(download);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex') === download.digest.hex;
}

function newHash({ digest, sizeBytes }: FileDownload): Hash {
  return digest.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${sizeBytes}\0`);
}

async function sizeOfFile(path: string): Promise<number> {
  return await stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
