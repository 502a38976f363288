/**
 * @file A file written piece by piece that appears whole or not at all: a temporary neighbour, renamed at the end.
 * For what is too large to hold; knows nothing of what is in it.
 */
import { dirname } from 'node:path';
import { fileError, makeFolder, writeAll } from './files.ts';
import { type OutputTarget, openTarget } from './output-target.ts';

/** Bytes held before they are written. */
const BUFFER_BYTES = 1 << 20;

export class AtomicWriter {
  readonly #path: string;
  readonly #target: OutputTarget;
  #parts: Uint8Array[] = [];
  #held = 0;
  /** Committed or discarded. */
  #isDone = false;

  /** Makes the folders above. @throws VultuneError as `fileError`. */
  constructor(path: string) {
    this.#path = path;
    makeFolder(dirname(path));
    try {
      this.#target = openTarget(path);
    } catch (error) {
      throw fileError(error, path, 'write');
    }
  }

  /** @throws VultuneError as `fileError`; what was written is then gone. */
  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (this.#held >= BUFFER_BYTES) this.#flush();
  }

  /** The file is there from now on, in place of an older one. @throws VultuneError as `fileError`. */
  commit(): void {
    this.#flush();
    this.#try(() => this.#target.commit());
    this.#isDone = true;
  }

  /** Takes the temporary file away; nothing after `commit`. */
  discard(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#target.discard();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#held = 0;
    this.#try(() => writeAll(this.#target.file, bytes));
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.discard();
      throw fileError(error, this.#path, 'write');
    }
  }
}
