/**
 * @file A tokenizer out of a tokenizer.json. Decoding is the library's; normalizing, cutting, merging and special tokens
 * are ours (exact where the library is not, linear in the length of a text, several times as fast).
 */
import { VultuneError } from '../base/errors.ts';
import { addedTokenSplitter, type Section } from './added-tokens.ts';
import { invalid } from './component.ts';
import { libraryDecoder } from './decoder.ts';
import { tokenizerFingerprint } from './fingerprint.ts';
import { type Library, Tokenizer as LibraryTokenizerClass } from './library.ts';
import { type Model, readModel } from './models.ts';
import { keepsStart, textNormalizer } from './normalizer.ts';
import { type Surrounding, surroundingOf } from './post-processor.ts';
import { type PreTokenizer, preTokenizer } from './pre-tokenizer.ts';
import { rememberingPieces } from './remembered-pieces.ts';
import type { SpecialTokens, Tokenizer } from './tokenizer.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import type { AddedToken, TokenizerJson } from './tokenizer-json.ts';
import type { Vocabulary } from './vocabulary.ts';

export class LibraryTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly special: SpecialTokens;
  readonly #library: Library;
  readonly #normalize: (text: string) => string;
  readonly #splitRaw: (text: string) => Section[];
  readonly #splitNormalized: (text: string) => Section[];
  readonly #preTokenizer: PreTokenizer;
  readonly #encodePiece: (piece: string) => readonly number[];
  readonly #surrounding: Surrounding;
  readonly #specialIds: ReadonlySet<number>;
  readonly #definition: readonly [TokenizerJson, TokenizerConfig];
  #fingerprint: string | undefined;

  /** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
  constructor(json: TokenizerJson, config: TokenizerConfig, file: string) {
    const { added_tokens: added } = json;
    this.#definition = [json, config];
    this.#normalize = textNormalizer(json.normalizer, file);
    this.#splitRaw = addedTokenSplitter(
      added.filter((token) => !token.normalized),
      file,
    );
    this.#splitNormalized = addedTokenSplitter(
      added.filter((token) => token.normalized),
      file,
      this.#normalize,
    );
    this.#preTokenizer = preTokenizer(json.pre_tokenizer, file, keepsStart(json.normalizer, file));
    const model = readModel(json.model, this.#preTokenizer.byteLevel, file);
    this.#encodePiece = rememberingPieces(model.encode);
    const ids = withAdded(model.vocabulary, added, file);
    this.special = specialTokens(config, model, ids);
    this.#specialIds = new Set([
      ...added.filter((token) => token.special).map((token) => token.id),
      ...Object.values(this.special),
    ]);
    this.#surrounding = surrounding(surroundingOf(json.post_processor, file), config, ids);
    const { before, after } = this.#surrounding;
    this.vocabSize = 1 + [...ids.values(), ...before, ...after].reduce((most, id) => Math.max(most, id), -1);
    this.#library = openLibrary(json, model, config, file);
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
    if (special) add(this.#surrounding.before);
    for (const [i, section] of this.#splitRaw(wellFormed(text)).entries()) {
      if (typeof section !== 'string') ids.push(section.id);
      else this.#encodeSection(section, i === 0, add);
    }
    if (special) add(this.#surrounding.after);
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

/** The library is asked for texts of ids only: it gets the vocabulary and the decoder. */
function openLibrary(json: TokenizerJson, model: Model, config: TokenizerConfig, file: string): Library {
  const definition = {
    added_tokens: json.added_tokens,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: libraryDecoder(json.decoder, file),
    model: { type: 'BPE', vocab: Object.fromEntries(model.vocabulary), merges: [], unk_token: model.unknown },
  };
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

/**
 * Ids of all tokens. The tokenizers library numbers added tokens itself, whatever the file says: those of the vocabulary
 * as there, others from its end on.
 * @throws VultuneError TOKENIZER_INVALID where that is not the id in the file.
 */
function withAdded(vocabulary: Vocabulary, added: readonly AddedToken[], file: string): Vocabulary {
  const ids = new Map(vocabulary);
  let largest = -1;
  for (const { content, id } of added) {
    if (content === '') continue;
    const free = largest < vocabulary.size ? vocabulary.size : largest + 1;
    const expected = ids.get(content) ?? free;
    if (id !== expected) {
      const shown = JSON.stringify(content.slice(0, 40));
      const message = `gives ${shown} the id ${id}, the tokenizers library gives it ${expected}`;
      throw invalid({ file, name: 'added_tokens' }, message);
    }
    ids.set(content, id);
    largest = Math.max(largest, id);
  }
  return ids;
}

function specialTokens(config: TokenizerConfig, model: Model, ids: Vocabulary): SpecialTokens {
  const id = (name: keyof SpecialTokens, token: string | undefined) => {
    const found = token === undefined ? undefined : ids.get(token);
    return found === undefined ? {} : { [name]: found };
  };
  return {
    ...id('bos', config.bos_token),
    ...id('eos', config.eos_token),
    ...id('pad', config.pad_token),
    ...id('unk', config.unk_token ?? model.unknown),
  };
}

/**
 * Tokens put before and after a text. Where the configuration says add_bos_token or add_eos_token, that holds, else
 * what tokenizer.json's post-processor does (as in Transformers 5).
 */
function surrounding(processor: Surrounding, config: TokenizerConfig, ids: Vocabulary): Surrounding {
  const { add_bos_token: bos, add_eos_token: eos, bos_token, eos_token } = config;
  if (bos === undefined && eos === undefined) return processor;
  const idOf = (wanted: boolean | undefined, token: string | undefined) => {
    const id = wanted !== true || token === undefined ? undefined : ids.get(token);
    return id === undefined ? [] : [id];
  };
  return { before: idOf(bos, bos_token), after: idOf(eos, eos_token) };
}

/** Lone surrogates, which UTF-8 cannot express, as U+FFFD: what an encoder to UTF-8 would make of them. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replace(/\p{Surrogate}/gu, '\uFFFD') : text;
}
