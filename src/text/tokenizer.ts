/**
 * @file What a tokenizer is, and how to get one from what a checkpoint carries (tokenizer.json, or a GGUF file's
 * metadata). Callers know only this file: neither the library behind it nor the kinds of tokenizer.
 */
import { VultuneError } from '../base/errors.ts';
import type { TokenizerDefinition } from '../checkpoint/checkpoint.ts';
import { readTokenizer } from '../checkpoint/tokenizer-files.ts';
import { tokenizerFromGguf } from './gguf-tokenizer.ts';
import { LibraryTokenizer } from './library-tokenizer.ts';
import { applyTokenizerConfig } from './tokenizer-config.ts';
import { parseTokenizerJson } from './tokenizer-json.ts';

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

/**
 * The tokenizer of a checkpoint. `where` names the checkpoint in the error when it carries none.
 * @throws VultuneError TOKENIZER_MISSING, TOKENIZER_INVALID (broken or inconsistent), TOKENIZER_UNSUPPORTED (a kind
 * we cannot reproduce exactly).
 */
export function loadTokenizer(definition: TokenizerDefinition | undefined, where: string): Tokenizer {
  if (definition === undefined) {
    throw new VultuneError('TOKENIZER_MISSING', `${where} has no tokenizer (tokenizer.json was expected)`, {
      where: { file: where },
      hint: "copy the base model's tokenizer.json and tokenizer_config.json into the folder, or use a GGUF file, which carries its own",
    });
  }
  const { json, config } =
    definition.kind === 'gguf'
      ? tokenizerFromGguf(definition.metadata, definition.file)
      : applyTokenizerConfig(
          parseTokenizerJson(definition.json, definition.file),
          definition.config,
          definition.file,
        );
  return new LibraryTokenizer(json, config, definition.file);
}

/**
 * The tokenizer that lies in a folder (an adapter's own, as trainers save it there); undefined where it has none.
 * @throws VultuneError CHECKPOINT_TOKENIZER_INVALID, and what loadTokenizer throws.
 */
export async function openTokenizer(folder: string): Promise<Tokenizer | undefined> {
  const definition = await readTokenizer(folder);
  return definition === undefined ? undefined : loadTokenizer(definition, folder);
}
