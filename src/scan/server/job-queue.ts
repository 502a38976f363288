/** @file One job at a time, a few waiting, the others refused: the model uses all threads for one request already. */

/** Thrown to whoever comes when the queue is full. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

export class JobQueue {
  readonly #mostWaiting: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(mostWaiting: number) {
    this.#mostWaiting = mostWaiting;
  }

  /** Those that run and those that wait. */
  get length(): number {
    return this.#waiting;
  }

  /** Throws QueueFullError; rejects with the signal's reason when it fires before or while the job runs. */
  async run<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#waiting > this.#mostWaiting) throw new QueueFullError('too many jobs wait');
    this.#waiting++;
    const turn = this.#last.then(() => {
      signal.throwIfAborted();
      return job();
    });
    // The next one waits for the end of this job, whatever end that is.
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }
}
