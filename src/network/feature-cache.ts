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

export interface FeatureCacheOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** What the features are of: another model or depth has other files. */
  readonly modelFingerprint: string;
  readonly layerCount: number;
  readonly hiddenSize: number;
}

/** Raised when the same key would mean other numbers. */
const FORMAT = 1;

interface Entry {
  readonly sizeBytes: number;
  readonly usedMs: number;
}

export class FeatureCache {
  readonly #options: FeatureCacheOptions;
  readonly #base: Hash;
  /** Files from before this process, oldest first: what may be thrown away. */
  readonly #old: Map<string, Entry>;
  #totalBytes: number;
  #full = false;

  constructor(options: FeatureCacheOptions) {
    this.#options = options;
    const { modelFingerprint, layerCount } = options;
    this.#base = createHash('sha256').update(JSON.stringify([FORMAT, modelFingerprint, layerCount]));
    this.#old = filesByAge(options.folder);
    this.#totalBytes = [...this.#old.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Hidden states [length, D] of a function's tokens, undefined when they are not there. */
  read(ids: readonly number[]): Float32Array | undefined {
    const path = this.#path(ids);
    try {
      const bytes = readFileSync(path);
      if (bytes.byteLength !== 4 * ids.length * this.#options.hiddenSize) return undefined;
      const now = new Date();
      utimesSync(path, now, now);
      this.#old.delete(path);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    } catch {
      // Not there, or not readable: computed again either way.
      return undefined;
    }
  }

  /** Keeps them if there is room, making room of files that this process has not used. */
  write(ids: readonly number[], hidden: Float32Array): void {
    if (this.#full) return;
    const path = this.#path(ids);
    this.#makeRoom(hidden.byteLength);
    if (this.#totalBytes + hidden.byteLength > this.#options.maxBytes) {
      // Throwing away what this run reads every epoch would make each epoch miss all of it.
      this.#full = true;
      return;
    }
    const temporary = `${path}.${process.pid}`;
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(temporary, new Uint8Array(hidden.buffer, hidden.byteOffset, hidden.byteLength));
      renameSync(temporary, path);
      this.#totalBytes += hidden.byteLength;
    } catch {
      // A full or read-only disk: go on without.
      this.#full = true;
      removeIfThere(temporary);
    }
  }

  #makeRoom(bytes: number): void {
    for (const [path, { sizeBytes }] of this.#old) {
      if (this.#totalBytes + bytes <= this.#options.maxBytes) return;
      removeIfThere(path);
      this.#old.delete(path);
      this.#totalBytes -= sizeBytes;
    }
  }

  #path(ids: readonly number[]): string {
    const name = this.#base.copy().update(Int32Array.from(ids)).digest('hex');
    return join(this.#options.folder, name.slice(0, 2), `${name.slice(2)}.f32`);
  }
}

function filesByAge(folder: string): Map<string, Entry> {
  let names: string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.f32'),
    );
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
