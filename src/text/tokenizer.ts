/** @file What a tokenizer is to its callers, who know neither the library behind it nor the kinds of tokenizer. Shapes only. */

export interface Tokenizer {
  /** The largest token id plus one, added tokens included: an embedding with fewer rows does not fit. */
  readonly vocabSize: number;
  readonly special: SpecialTokens;
  /** SHA-256 over everything that decides which ids a text gets and what ids stand for: equal for equal tokenizers. */
  readonly fingerprint: string;
  /**
   * Token ids. Special tokens are added as the model's own tokenizer adds them unless addSpecialTokens is false; special
   * tokens written in the text are recognised either way. Lone surrogates count as U+FFFD.
   */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** The text of token ids; ids the tokenizer does not know are left out. */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string;
}

/** Token ids; undefined where the model has none. */
export interface SpecialTokens {
  readonly bos?: number;
  readonly eos?: number;
  readonly pad?: number;
  readonly unk?: number;
}
