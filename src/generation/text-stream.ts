/**
 * @file New tokens -> text, as it can be shown: a character whose bytes are not all there yet is held back, and so is what may be
 * the beginning of a stop string, whatever tokens it is cut into.
 */
import type { Tokenizer } from '../text/tokenizer.ts';

export interface StreamedText {
  /** Text that will not change any more. */
  readonly text: string;
  /** Whether a stop string is there: the text ends before it. */
  readonly isStopped: boolean;
}

/** Stands for bytes that are not a character (yet). */
const REPLACEMENT = '\uFFFD';
/** How much of the prompt is decoded with the new tokens: some decoders take the space from the first token they are given. */
const CONTEXT_TOKENS = 4;

export class TextStream {
  readonly #tokenizer: Pick<Tokenizer, 'decode'>;
  readonly #stop: readonly string[];
  readonly #ids: number[];
  readonly #promptLength: number;
  /** Characters that were given out. */
  #given = 0;

  constructor(tokenizer: Pick<Tokenizer, 'decode'>, prompt: readonly number[], stop: readonly string[]) {
    this.#tokenizer = tokenizer;
    this.#stop = stop;
    this.#ids = prompt.slice(-CONTEXT_TOKENS);
    this.#promptLength = this.#decode().length;
  }

  /** The next token. */
  push(id: number): StreamedText {
    this.#ids.push(id);
    const text = this.#decode().slice(this.#promptLength);
    const stops = this.#stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (stops.length > 0) return { text: this.#give(text, Math.min(...stops)), isStopped: true };
    return { text: this.#give(text, this.#certain(text)), isStopped: false };
  }

  /** What was held back, where no further token comes. */
  end(): string {
    const text = this.#decode().slice(this.#promptLength);
    return this.#give(text, text.length);
  }

  /** How much of the text no further token changes or makes a stop string of. */
  #certain(text: string): number {
    let end = text.length;
    while (text.endsWith(REPLACEMENT, end)) end--;
    const held = this.#stop.map((stop) => overlap(text, stop));
    return Math.min(end, text.length - Math.max(0, ...held));
  }

  #give(text: string, end: number): string {
    const given = text.slice(this.#given, end);
    this.#given = Math.max(this.#given, end);
    return given;
  }

  #decode(): string {
    return this.#tokenizer.decode(this.#ids, { skipSpecialTokens: true });
  }
}

/** The longest end of the text that a stop string begins with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
