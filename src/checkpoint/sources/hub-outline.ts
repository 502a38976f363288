/**
 * @file A model of the hub without its weights: configuration, tokenizer, and the headers of its weight files, whose data is left out
 * (holes that read as zeros). Good for everything that is known of a model before a weight is computed with.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { FIRST_READ_BYTES, headerOfFirstBytes } from '../gguf/file.ts';
import { headerLength } from '../safetensors-header.ts';
import { downloadFile } from './download-file.ts';
import { type HubClient, type HubFile, hubClient } from './hub-client.ts';
import { requireGguf } from './hub-gguf.ts';
import { checkRevision } from './hub-model.ts';
import { selectModelFiles } from './model-files.ts';
import type { ModelReference, ResolveOptions } from './model-source.ts';

export interface HubOutline {
  /** For `openModel`; no weight of it may be read. */
  readonly path: string;
  readonly commit: string;
  readonly fetchedBytes: number;
  /** Bytes that `resolveModel` would fetch of the model. */
  readonly totalBytes: number;
}

type HubReference = Extract<ModelReference, { readonly kind: 'hub' }>;

/** The limit that the reader of tokenizer files has too. */
const MOST_DESCRIPTION_BYTES = 256 * 2 ** 20;
/** The time limit of one request. */
const TIMEOUT_MS = 120_000;

/**
 * Fetches into `folder`, which the caller removes. Undefined for a model whose weights have no header that could be fetched alone
 * (PyTorch's files).
 * @throws VultuneError what `resolveModel` throws for the hub, and what readers of headers throw of damaged ones
 */
export async function outlineHubModel(
  { name, file }: HubReference,
  folder: string,
  options: ResolveOptions,
): Promise<HubOutline | undefined> {
  const client = hubClient(name, options);
  const commit = await client.commitOf(checkRevision(options.revision ?? 'main'));
  const files = await client.files(commit);
  const names = files.map(({ path }) => path);
  const selected = file === undefined ? selectModelFiles(name, names) : [requireGguf(name, file, names)];
  const wanted = files.filter(({ path }) => selected.includes(path));
  if (wanted.some(({ path }) => /\.(bin|pt|pth)$/.test(path))) return undefined;
  let fetchedBytes = 0;
  for (const one of wanted) {
    const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(options.signal ? [options.signal] : [])];
    const source = {
      client,
      commit,
      file: one,
      target: join(folder, one.path),
      signal: AbortSignal.any(signals),
    };
    fetchedBytes += isWeights(one) ? await fetchHeader(source) : await fetchDescription(source);
  }
  const totalBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const path = file === undefined ? folder : join(folder, file);
  return { path, commit, fetchedBytes, totalBytes };
}

const isWeights = ({ path }: HubFile) => /\.(gguf|safetensors)$/.test(path);

interface Source {
  readonly client: HubClient;
  readonly commit: string;
  readonly file: HubFile;
  readonly target: string;
  readonly signal: AbortSignal;
}

async function fetchDescription({ client, commit, file, target, signal }: Source): Promise<number> {
  const { path, sizeBytes, digest } = file;
  if (sizeBytes > MOST_DESCRIPTION_BYTES) {
    throw new VultuneError(
      'MODEL_FORMAT',
      `${path} has ${sizeBytes} bytes, expected at most ${MOST_DESCRIPTION_BYTES} (256 MiB)`,
      { where: { file: path } },
    );
  }
  const url = client.fileUrl(commit, path);
  await downloadFile({ url, name: path, target, sizeBytes, digest, fetch: client.fetch, signal });
  return sizeBytes;
}

/** Writes the header and whatever small tensors a configuration is made of; the rest of the file is a hole. */
async function fetchHeader(source: Source): Promise<number> {
  const { file, target } = source;
  const pieces = file.path.endsWith('.gguf') ? await ggufPieces(source) : [await safetensorsHeader(source)];
  await mkdir(dirname(target), { recursive: true });
  const written = await open(target, 'w').catch((error: unknown) => {
    throw fileError(error, target, 'write');
  });
  try {
    await written.truncate(file.sizeBytes);
    for (const { start, bytes } of pieces) await written.write(bytes, 0, bytes.byteLength, start);
  } catch (error) {
    throw fileError(error, target, 'write');
  } finally {
    await written.close();
  }
  return pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

const PREFIX_BYTES = 8;

async function safetensorsHeader(source: Source): Promise<Piece> {
  const { path, sizeBytes } = source.file;
  const prefix = await fetchRange(source, 0, Math.min(PREFIX_BYTES, sizeBytes));
  const length = headerLength(path, prefix, sizeBytes);
  return { start: 0, bytes: await fetchRange(source, 0, PREFIX_BYTES + length) };
}

async function ggufPieces(source: Source): Promise<readonly Piece[]> {
  const { path, sizeBytes } = source.file;
  for (let length = Math.min(FIRST_READ_BYTES, sizeBytes); ; length = Math.min(2 * length, sizeBytes)) {
    const bytes = await fetchRange(source, 0, length);
    const header = headerOfFirstBytes(path, bytes, sizeBytes);
    if (header === undefined) continue;
    const pieces: Piece[] = [{ start: 0, bytes }];
    for (const [name, { start, sizeBytes: size }] of header.tensors) {
      // Tables of rotary frequencies are part of the configuration.
      if (!name.startsWith('rope_') || size > MOST_ROPE_BYTES || start + size <= bytes.byteLength) continue;
      pieces.push({ start, bytes: await fetchRange(source, start, size) });
    }
    return pieces;
  }
}

const MOST_ROPE_BYTES = 2 ** 20;

/** A server may send more than was asked for: what comes behind it is not read. */
async function fetchRange(
  { client, commit, file, signal }: Source,
  start: number,
  length: number,
): Promise<Uint8Array> {
  const response = await client.fetch(client.fileUrl(commit, file.path), {
    headers: { Range: `bytes=${start}-${start + length - 1}` },
    signal,
  });
  const skipped = response.status === 206 ? 0 : start;
  const bytes = new Uint8Array(length);
  let [at, left] = [0, skipped];
  if (response.body !== null) {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      const useful = chunk.subarray(Math.min(left, chunk.byteLength), left + length - at);
      left -= Math.min(left, chunk.byteLength);
      bytes.set(useful, at);
      at += useful.byteLength;
      // Leaving the loop cancels the rest.
      if (at === length) break;
    }
  }
  if (at === length) return bytes;
  throw new VultuneError(
    'MODEL_DOWNLOAD_INTERRUPTED',
    `${file.path}: the hub sent ${at} of the ${length} bytes from ${start} on`,
    { where: { file: file.path }, hint: 'Try again.', exitCode: 1 },
  );
}
