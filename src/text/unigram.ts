/** @file SentencePiece's Unigram model: the tokens of a piece whose scores sum to the most (Viterbi). */
import { VultuneError } from '../base/errors.ts';

export interface UnigramOptions {
  /** Tokens and scores, the place being the id. */
  readonly scores: readonly (readonly [string, number])[];
  /** For characters that no token holds. */
  readonly unknown: number | undefined;
  /** A text out of vocabulary becomes the tokens <0x00> to <0xFF> of its bytes, where all are there. */
  readonly byteFallback: boolean;
}

/** What an unknown character costs more than the worst token. */
const UNKNOWN_PENALTY = 10;

interface Node {
  readonly next: Map<number, Node>;
  id: number;
}

export class UnigramEncoder {
  readonly #options: UnigramOptions;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #root: Node = { next: new Map(), id: -1 };
  readonly #unknownScore: number;
  readonly #file: string;

  constructor(options: UnigramOptions, file: string) {
    const { scores } = options;
    this.#options = options;
    this.#file = file;
    this.#ids = new Map(scores.map(([token], id) => [token, id]));
    for (const [token, id] of this.#ids) this.#add(token, id);
    this.#unknownScore =
      scores.reduce((least, [, score]) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
  }

  /** @throws VultuneError TOKENIZER_INVALID for an unknown character where the model has no token for it. */
  encode(piece: string): number[] {
    const { scores } = this.#options;
    const best = new Float64Array(piece.length + 1).fill(Number.NEGATIVE_INFINITY); // the best sum up to a place
    const from = new Int32Array(piece.length + 1).fill(-1); // where the last token of that sum begins
    const tokens = new Int32Array(piece.length + 1); // and which it is
    best[0] = 0;
    const offer = (start: number, end: number, score: number, id: number) => {
      const sum = best[start]! + score;
      if (from[end]! >= 0 && sum <= best[end]!) return;
      best[end] = sum;
      from[end] = start;
      tokens[end] = id;
    };
    for (let start = 0; start < piece.length; ) {
      const width = piece.codePointAt(start)! > 0xffff ? 2 : 1;
      let single = false;
      let node: Node | undefined = this.#root;
      for (let end = start; end < piece.length; ) {
        node = node.next.get(piece.charCodeAt(end++));
        if (node === undefined) break;
        if (node.id < 0) continue;
        offer(start, end, scores[node.id]![1], node.id);
        single ||= end === start + width;
      }
      if (!single) offer(start, start + width, this.#unknownScore, this.#options.unknown ?? -1);
      start += width;
    }
    return this.#trace(piece, from, tokens);
  }

  /** The best way backwards; unknown characters in a row are one. */
  #trace(piece: string, from: Int32Array, tokens: Int32Array): number[] {
    const ids: number[][] = [];
    for (let end = piece.length; end > 0; ) {
      let start = from[end]!;
      const id = tokens[end]!;
      const isUnknown = id === (this.#options.unknown ?? -1);
      while (isUnknown && start > 0 && tokens[start] === id) start = from[start]!;
      ids.push(isUnknown ? this.#outOfVocabulary(piece.slice(start, end)) : [id]);
      end = start;
    }
    return ids.toReversed().flat();
  }

  #outOfVocabulary(text: string): number[] {
    const known = this.#ids.get(text);
    if (known !== undefined) return [known];
    if (this.#options.byteFallback) {
      const bytes = Array.from(Buffer.from(text), (byte) =>
        this.#ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
      ).filter((id) => id !== undefined);
      if (bytes.length === Buffer.byteLength(text)) return bytes;
    }
    if (this.#options.unknown !== undefined) return [this.#options.unknown];
    const shown = JSON.stringify(text.slice(0, 20));
    throw new VultuneError(
      'TOKENIZER_INVALID',
      `the model has no token for ${shown}, and none for the unknown`,
      {
        where: { file: this.#file, name: 'model.unk_id' },
      },
    );
  }

  #add(token: string, id: number): void {
    let node = this.#root;
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i);
      let next = node.next.get(unit);
      if (next === undefined) {
        next = { next: new Map(), id: -1 };
        node.next.set(unit, next);
      }
      node = next;
    }
    if (token !== '') node.id = id;
  }
}
