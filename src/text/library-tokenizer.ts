/**
 * @file A tokenizer out of a tokenizer.json. Normalizing, decoding and special tokens are the library's; cutting and
 * merging are ours (exact where the library is not, linear in the length of a text, several times as fast).
 */
import { VultuneError } from '../base/errors.ts';
import { addedTokenSplitter, type Section } from './added-tokens.ts';
import { tokenizerFingerprint } from './fingerprint.ts';
import { type Library, Tokenizer as LibraryTokenizerClass } from './library.ts';
import { textNormalizer } from './normalizer.ts';
import { pieceEncoder } from './piece-encoder.ts';
import { type PreTokenizer, preTokenizer } from './pre-tokenizer.ts';
import type { SpecialTokens, Tokenizer } from './tokenizer.ts';
import type { TokenizerConfig, TokenizerJson } from './tokenizer-json.ts';

export class LibraryTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly special: SpecialTokens;
  readonly #library: Library;
  readonly #normalize: (text: string) => string;
  readonly #splitRaw: (text: string) => Section[];
  readonly #splitNormalized: (text: string) => Section[];
  readonly #preTokenizer: PreTokenizer;
  readonly #encodePiece: (piece: string) => readonly number[];
  readonly #before: readonly number[];
  readonly #after: readonly number[];
  readonly #specialIds: ReadonlySet<number>;
  readonly #definition: readonly [TokenizerJson, TokenizerConfig];
  #fingerprint: string | undefined;

  /** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
  constructor(json: TokenizerJson, config: TokenizerConfig, file: string) {
    const library = openLibrary(json, config, file);
    this.#library = library;
    this.#definition = [json, config];
    this.#normalize = textNormalizer(json.normalizer, library);
    this.#splitRaw = addedTokenSplitter(json.added_tokens.filter((token) => !token.normalized));
    this.#splitNormalized = addedTokenSplitter(
      json.added_tokens.filter((token) => token.normalized),
      this.#normalize,
    );
    this.#preTokenizer = preTokenizer(json.pre_tokenizer, file);
    this.#encodePiece = pieceEncoder(json.model, this.#preTokenizer.byteLevel, library, file);
    this.vocabSize = library.model.vocab.length;
    this.special = specialTokens(config, library);
    this.#specialIds = new Set([
      ...json.added_tokens.filter((token) => token.special).map((token) => token.id),
      ...Object.values(this.special),
    ]);
    const { before, after } = surrounding(json, config, library);
    this.#before = before;
    this.#after = after;
  }

  get fingerprint(): string {
    this.#fingerprint ??= tokenizerFingerprint(...this.#definition);
    return this.#fingerprint;
  }

  encode(text: string, options: { readonly addSpecialTokens?: boolean } = {}): number[] {
    const ids: number[] = [];
    const add = (more: readonly number[]) => {
      for (const id of more) ids.push(id);
    };
    const special = options.addSpecialTokens ?? true;
    if (special) add(this.#before);
    for (const [i, section] of this.#splitRaw(wellFormed(text)).entries()) {
      if (typeof section !== 'string') ids.push(section.id);
      else this.#encodeSection(section, i === 0, add);
    }
    if (special) add(this.#after);
    return ids;
  }

  decode(ids: readonly number[], options: { readonly skipSpecialTokens?: boolean } = {}): string {
    const skip = options.skipSpecialTokens ?? false;
    const known = ids.filter(
      (id) => this.#library.id_to_token(id) !== undefined && !(skip && this.#specialIds.has(id)),
    );
    return known.length === 0 ? '' : this.#library.decode(known);
  }

  #encodeSection(section: string, first: boolean, add: (ids: readonly number[]) => void): void {
    for (const [i, part] of this.#splitNormalized(this.#normalize(section)).entries()) {
      if (typeof part !== 'string') add([part.id]);
      else
        for (const piece of this.#preTokenizer.split(part, first && i === 0)) add(this.#encodePiece(piece));
    }
  }
}

function openLibrary(json: TokenizerJson, config: TokenizerConfig, file: string): Library {
  // Its own merging is not used, and its table of merges is slow to build and large.
  const model = json.model.type === 'BPE' ? { ...json.model, merges: [] } : json.model;
  // Its own pre-tokenizers are not used: only ours may say what is supported.
  const definition = { ...json, model, pre_tokenizer: null };
  try {
    // The library cleans up blanks before punctuation unless told not to: code would not survive that.
    return new LibraryTokenizerClass(definition, { clean_up_tokenization_spaces: false, ...config });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VultuneError('TOKENIZER_UNSUPPORTED', `this tokenizer cannot be opened: ${reason}`, {
      where: { file },
      cause,
    });
  }
}

function specialTokens(config: TokenizerConfig, library: Library): SpecialTokens {
  const id = (name: keyof SpecialTokens, token: string | undefined) => {
    const found = token === undefined ? undefined : library.token_to_id(token);
    return found === undefined ? {} : { [name]: found };
  };
  return {
    ...id('bos', config.bos_token),
    ...id('eos', config.eos_token),
    ...id('pad', config.pad_token),
    ...id('unk', config.unk_token ?? library.model.unk_token ?? undefined),
  };
}

/**
 * Tokens put before and after a text. Where the configuration says add_bos_token or add_eos_token, that holds, else
 * what tokenizer.json's post-processor does (as in Transformers 5).
 */
function surrounding(json: TokenizerJson, config: TokenizerConfig, library: Library) {
  const { add_bos_token: bos, add_eos_token: eos, bos_token, eos_token } = config;
  const ids = (tokens: readonly (string | undefined)[]) =>
    tokens
      .map((token) => (token === undefined ? undefined : library.token_to_id(token)))
      .filter((id) => id !== undefined);
  if (bos !== undefined || eos !== undefined) {
    return { before: ids(bos === true ? [bos_token] : []), after: ids(eos === true ? [eos_token] : []) };
  }
  if (json.post_processor === null || library.post_processor === null) return { before: [], after: [] };
  // A token that no vocabulary has shows where the text's own go.
  const { tokens } = library.post_processor.post_process(['\u0000text'], null, true);
  const at = tokens.indexOf('\u0000text');
  return { before: ids(tokens.slice(0, at)), after: ids(tokens.slice(at + 1)) };
}

/** Lone surrogates, which UTF-8 cannot express, as U+FFFD: what an encoder to UTF-8 would make of them. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replace(/\p{Surrogate}/gu, '\uFFFD') : text;
}
