/**
 * @file One long-lived `git cat-file --batch`: objects of a repository by id, in the order they were asked for, each
 * bounded in size. What the objects hold is the caller's business.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { ByteQueue } from './byte-queue.ts';
import { endProcess, type GitFolder, startGit } from './run-git.ts';

export type GitObject =
  | { readonly found: 'yes'; readonly id: string; readonly type: string; readonly bytes: Buffer }
  | { readonly found: 'no' }
  /** Its bytes were passed over. */
  | { readonly found: 'too large'; readonly sizeBytes: number };

export class ObjectReader {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #queue: ByteQueue;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: GitFolder, signal?: AbortSignal) {
    this.#process = startGit(['cat-file', '--batch'], folder, signal);
    this.#queue = new ByteQueue(this.#process, 'cat-file', signal);
  }

  /** @param name an id, or `ID^{commit}`: checked by the caller, since git takes names too. */
  async read(name: string, maxBytes: number): Promise<GitObject> {
    const mine = this.#last.then(() => this.#readNext(name, maxBytes));
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async #readNext(name: string, maxBytes: number): Promise<GitObject> {
    this.#process.stdin.write(`${name}\n`);
    const header = (await this.#queue.takeUntil(10)).toString('latin1');
    const match = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(header);
    if (match === null) return { found: 'no' }; // NAME missing, NAME ambiguous
    const sizeBytes = Number(match[3]);
    if (sizeBytes > maxBytes) {
      await this.#queue.skip(sizeBytes + 1);
      return { found: 'too large', sizeBytes };
    }
    const bytes = await this.#queue.take(sizeBytes);
    await this.#queue.skip(1);
    return { found: 'yes', id: match[1]!, type: match[2]!, bytes };
  }

  close(): void {
    this.#process.stdin.end();
    endProcess(this.#process);
  }
}
