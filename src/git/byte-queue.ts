/**
 * @file What a long-lived git says, taken piece by piece: so many bytes, or up to a byte. Holds back the process while
 * nobody takes, and ends it when it is silent for too long or the signal is aborted.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { endProcess, gitError, LOCAL_LIMIT_MS, timeoutError } from './run-git.ts';
import { withoutSecrets } from './without-secrets.ts';

/** The process is gone, and with it what it had not said yet. */
export class ProcessEnded extends Error {}

const HIGH_WATER_BYTES = 2 ** 20;

export class ByteQueue {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #name: string;
  readonly #silenceMs: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #ended: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param silenceMs the longest wait for the next bytes */
  constructor(
    process: ChildProcessWithoutNullStreams,
    name: string,
    signal?: AbortSignal,
    silenceMs = LOCAL_LIMIT_MS,
  ) {
    this.#process = process;
    this.#name = name;
    this.#silenceMs = silenceMs;
    let said = '';
    process.stderr.setEncoding('utf8');
    process.stderr.on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    process.stdin.on('error', () => undefined); // It ended; `close` says how.
    process.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size > HIGH_WATER_BYTES) process.stdout.pause();
      this.#wake?.();
    });
    const end = (error: Error) => {
      this.#ended ??= error;
      this.#wake?.();
    };
    process.on('error', (error) => end(gitError(error)));
    process.on('close', (code) =>
      end(
        signal?.aborted === true
          ? (signal.reason as Error)
          : new ProcessEnded(`git ${name} ended (${code ?? 'killed'}): ${withoutSecrets(said).trim()}`),
      ),
    );
  }

  /** Up to the byte, which is taken too but not returned. */
  async takeUntil(byte: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for (;;) {
      const chunk = await this.#first();
      const at = chunk.indexOf(byte);
      if (at !== -1) {
        taken.push(this.#drop(at));
        this.#drop(1);
        return Buffer.concat(taken);
      }
      taken.push(this.#drop(chunk.length));
    }
  }

  async take(bytes: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    await this.#each(bytes, (part) => taken.push(part));
    return Buffer.concat(taken, bytes);
  }

  async skip(bytes: number): Promise<void> {
    await this.#each(bytes, () => undefined);
  }

  /** The next byte, left where it is. */
  async peek(): Promise<number> {
    return (await this.#first())[0]!;
  }

  async #each(bytes: number, use: (part: Buffer) => void): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const chunk = await this.#first();
      const part = this.#drop(Math.min(left, chunk.length));
      left -= part.length;
      use(part);
    }
  }

  async #first(): Promise<Buffer> {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk !== undefined) return chunk;
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#process.stdout.isPaused()) this.#process.stdout.resume();
      await this.#wait();
    }
  }

  async #wait(): Promise<void> {
    const timer = setTimeout(() => {
      this.#ended ??= timeoutError(this.#name, this.#silenceMs);
      endProcess(this.#process);
      this.#wake?.();
    }, this.#silenceMs);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  #drop(bytes: number): Buffer {
    const chunk = this.#chunks[0]!;
    if (bytes < chunk.length) this.#chunks[0] = chunk.subarray(bytes);
    else this.#chunks.shift();
    this.#size -= bytes;
    return chunk.subarray(0, bytes);
  }
}
