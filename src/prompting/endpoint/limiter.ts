/** @file How many requests a server gets at a time: fewer after it said that they were too many, slowly more again. */

/** Answers in a row after which one more request runs at a time. */
const CALM = 20;

export class Limiter {
  readonly #most: number;
  #limit: number;
  #running = 0;
  #calm = 0;
  /** Requests that began before the last halving say nothing about the new limit. */
  #epoch = 0;
  #openFromMs = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #now: () => number;

  constructor(
    most: number,
    sleep: (ms: number, signal: AbortSignal) => Promise<void>,
    now: () => number = () => performance.now(),
  ) {
    this.#most = most;
    this.#limit = most;
    this.#sleep = sleep;
    this.#now = now;
  }

  /** Requests at a time. */
  get limit(): number {
    return this.#limit;
  }

  /** Runs `work` when there is room; it is told how to say that the server had too much. Throws the signal's reason. */
  async run<T>(work: (tooMany: (pauseMs: number) => void) => Promise<T>, signal: AbortSignal): Promise<T> {
    while (this.#running >= this.#limit)
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    this.#running++;
    try {
      signal.throwIfAborted();
      for (let left = this.#openFromMs - this.#now(); left > 0; left = this.#openFromMs - this.#now()) {
        await this.#sleep(left, signal);
      }
      const epoch = this.#epoch;
      const result = await work((pauseMs) => this.#tooMany(epoch, pauseMs));
      this.#wentWell();
      return result;
    } finally {
      this.#running--;
      this.#wake();
    }
  }

  #tooMany(epoch: number, pauseMs: number): void {
    this.#openFromMs = Math.max(this.#openFromMs, this.#now() + pauseMs);
    this.#calm = 0;
    if (epoch !== this.#epoch) return;
    this.#epoch++;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  #wentWell(): void {
    if (++this.#calm < CALM || this.#limit >= this.#most) return;
    this.#calm = 0;
    this.#limit++;
  }

  #wake(): void {
    for (let room = this.#limit - this.#running; room > 0; room--) this.#waiting.shift()?.();
  }
}
