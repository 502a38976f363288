/**
 * @file What we use of @huggingface/tokenizers, typed here: its declarations name files without extension, which
 * TypeScript's `nodenext` does not follow. The only file that imports it.
 */
import * as tokenizers from '@huggingface/tokenizers';
import type { Component } from './tokenizer-json.ts';

export interface LibraryModel {
  readonly vocab: readonly string[];
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token: string | null | undefined;
  readonly unk_token_id: number | undefined;
  /** Tokens of pieces. */
  _call(pieces: readonly string[]): string[];
}

export interface Library {
  readonly normalizer: { normalize(text: string): string } | null;
  readonly model: LibraryModel;
  readonly post_processor: {
    post_process(tokens: readonly string[], pair: null, addSpecialTokens: boolean): { tokens: string[] };
  } | null;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  /** Throws for an empty list. */
  decode(ids: readonly number[]): string;
}

interface Exports {
  readonly Tokenizer: new (json: object, config: object) => Library;
  readonly SplitPreTokenizer: new (options: Component) => { readonly pattern: RegExp | null };
}

export const { Tokenizer, SplitPreTokenizer } = tokenizers as unknown as Exports;
