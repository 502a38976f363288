/**
 * @file What we use of @huggingface/tokenizers, typed here: its declarations name files without extension, which
 * TypeScript's `nodenext` does not follow. The only file that imports it.
 */
import * as tokenizers from '@huggingface/tokenizers';
import type { Component } from './component.ts';

export interface Library {
  id_to_token(id: number): string | undefined;
  /** Throws for an empty list. */
  decode(ids: readonly number[]): string;
}

interface Exports {
  readonly Tokenizer: new (json: object, config: object) => Library;
  /** Translates an Oniguruma pattern into a regular expression of JavaScript. */
  readonly SplitPreTokenizer: new (
    options: Component,
  ) => { readonly pattern: RegExp | null };
}

export const { Tokenizer, SplitPreTokenizer } = tokenizers as unknown as Exports;
