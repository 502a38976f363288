/**
 * @file Outputs of the frozen layers on disk, one file a function: training the layers above then costs only them. Kept
 * between runs, bounded in size. A lost or damaged file only costs time.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { removeLeftovers, temporaryName } from '../base/temporary-files.ts';

export interface FeatureCacheOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** What the features are of: another model or depth has other files. */
  readonly modelFingerprint: string;
  readonly layerCount: number;
  readonly hiddenSize: number;
}

/** Raised when the same key would mean other numbers. */
const FORMAT = 2;

/** Behind the numbers: CRC-32 of their bytes, so that a file which a crash left half filled is not believed. */
const CHECKSUM_BYTES = 4;

interface Entry {
  readonly sizeBytes: number;
  readonly usedMs: number;
}

export class FeatureCache {
  readonly #options: FeatureCacheOptions;
  readonly #base: Hash;
  /** Files from before this process that it has not used, oldest first: what may be thrown away. */
  readonly #old: Map<string, Entry>;
  /** Files this process has written: a function that comes twice is counted once. */
  readonly #own = new Set<string>();
  #totalBytes: number;
  #full = false;

  constructor(options: FeatureCacheOptions) {
    this.#options = options;
    const { modelFingerprint, layerCount } = options;
    this.#base = createHash('sha256').update(JSON.stringify([FORMAT, modelFingerprint, layerCount]));
    removeLeftovers(options.folder, 1);
    this.#old = filesByAge(options.folder);
    this.#totalBytes = [...this.#old.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Hidden states [length, D] of a function's tokens, undefined when they are not there. */
  read(ids: readonly number[]): Float32Array | undefined {
    const path = this.#path(ids);
    const hidden = readChecked(path, 4 * ids.length * this.#options.hiddenSize);
    if (hidden === undefined) return undefined;
    this.#old.delete(path);
    markUsed(path);
    return hidden;
  }

  /** Keeps them if there is room, making room of files that this process has not used. */
  write(ids: readonly number[], hidden: Float32Array): void {
    const path = this.#path(ids);
    const sizeBytes = hidden.byteLength + CHECKSUM_BYTES;
    if (this.#full || this.#own.has(path) || sizeBytes > this.#options.maxBytes) return;
    // One that is there from before is damaged, or it would have been read.
    const damaged = this.#old.get(path);
    if (damaged !== undefined) this.#throwAway(path, damaged);
    this.#makeRoom(sizeBytes);
    if (this.#totalBytes + sizeBytes > this.#options.maxBytes) {
      // Throwing away what this run reads every epoch would make each epoch miss all of it.
      this.#full = true;
      return;
    }
    const temporary = temporaryName(path);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(temporary, withChecksum(hidden));
      renameSync(temporary, path);
      this.#own.add(path);
      this.#totalBytes += sizeBytes;
    } catch {
      // A full or read-only disk: go on without.
      this.#full = true;
      removeIfThere(temporary);
    }
  }

  #makeRoom(bytes: number): void {
    for (const [path, entry] of this.#old) {
      if (this.#totalBytes + bytes <= this.#options.maxBytes) return;
      this.#throwAway(path, entry);
    }
  }

  #throwAway(path: string, { sizeBytes }: Entry): void {
    removeIfThere(path);
    this.#old.delete(path);
    this.#totalBytes -= sizeBytes;
  }

  #path(ids: readonly number[]): string {
    const name = this.#base.copy().update(Int32Array.from(ids)).digest('hex');
    return join(this.#options.folder, name.slice(0, 2), `${name.slice(2)}.f32`);
  }
}

/** The numbers of a file; undefined when it is not there, not readable, or not what was written. */
function readChecked(path: string, sizeBytes: number): Float32Array | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.byteLength !== sizeBytes + CHECKSUM_BYTES) return undefined;
    const hidden = bytes.subarray(0, sizeBytes);
    if (bytes.readUInt32LE(sizeBytes) !== crc32(hidden)) return undefined;
    return new Float32Array(hidden.buffer, hidden.byteOffset, sizeBytes / 4);
  } catch {
    return undefined;
  }
}

function withChecksum(hidden: Float32Array): Buffer {
  const bytes = Buffer.from(hidden.buffer, hidden.byteOffset, hidden.byteLength);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(bytes));
  return Buffer.concat([bytes, checksum]);
}

function markUsed(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // A folder that others own: its files are used all the same.
  }
}

/** Also what other processes are writing, and what killed ones of older versions left. */
const isOurs = (name: string) => /\.f32(\.\d+)?(\.tmp)?$/.test(name);

function filesByAge(folder: string): Map<string, Entry> {
  let names: string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isOurs);
  } catch {
    // No cache yet.
  }
  const entries = names.flatMap((name): [string, Entry][] => {
    const path = join(folder, name);
    try {
      const { size, mtimeMs } = statSync(path);
      return [[path, { sizeBytes: size, usedMs: mtimeMs }]];
    } catch {
      // Another process threw it away just now.
      return [];
    }
  });
  return new Map(entries.sort(([, a], [, b]) => a.usedMs - b.usedMs));
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}
