/** @file How much of a job is one shard's own, for its progress: exact where the job is divided already, an equal share of the rest. */
import type { Shard } from './shard.ts';

export class OwnShare {
  readonly #count: number;
  #divided = 0;
  #own = 0;

  constructor({ count }: Pick<Shard, 'count'>) {
    this.#count = count;
  }

  /** So many pieces of the job are divided among the shards now, `own` of them for this one. */
  divide(pieces: number, own: number): void {
    this.#divided += pieces;
    this.#own += own;
  }

  /** The shard's own of what is divided. */
  get own(): number {
    return this.#own;
  }

  /** The shard's own of a whole job of so many pieces; estimated until all of them are divided. */
  ownOf(pieces: number): number {
    return Math.round(this.#own + Math.max(0, pieces - this.#divided) / this.#count);
  }
}
