/** @file Any tokenizer as the two files that Hugging Face's libraries read: tokenizer.json and tokenizer_config.json. */
import type { TokenizerDefinition } from '../checkpoint/checkpoint.ts';
import type { Component } from './component.ts';
import { tokenizerParts } from './open-tokenizer.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

export interface TokenizerFiles {
  /** tokenizer.json */
  readonly json: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json */
  readonly config: Readonly<Record<string, unknown>>;
}

/** As they are where there is a tokenizer.json, else made of the vocabulary. Throws as `loadTokenizer`. */
export function tokenizerFiles(definition: TokenizerDefinition, modelType?: unknown): TokenizerFiles {
  if (definition.kind === 'huggingface') {
    const { json, config } = definition;
    return { json: json as TokenizerFiles['json'], config: (config ?? {}) as TokenizerFiles['config'] };
  }
  const { json, config } = tokenizerParts(definition, modelType);
  const { add_bos_token: bos, add_eos_token: eos, ...roles } = config;
  const surrounded =
    bos === undefined && eos === undefined
      ? json.post_processor
      : surrounding(json, {
          before: bos === true ? config.bos_token : undefined,
          after: eos === true ? config.eos_token : undefined,
        });
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: json.added_tokens.map(({ singleWord, ...token }) => ({
        ...token,
        single_word: singleWord,
      })),
      normalizer: completed(json.normalizer),
      pre_tokenizer: completed(json.pre_tokenizer),
      post_processor: withPair(completed(surrounded)),
      decoder: completed(json.decoder),
      model: json.model,
    },
    // By this class Transformers takes tokenizer.json as it is, and no flag decides what stands around a text.
    config: { ...roles, tokenizer_class: 'PreTrainedTokenizerFast' },
  };
}

/** Fields that our readers assume and the tokenizers library requires. */
const FIELDS: Readonly<Record<string, object>> = {
  Split: { invert: false },
  ByteLevel: { add_prefix_space: false, trim_offsets: true, use_regex: true },
};

function completed(component: Component | null): Component | null {
  if (component === null) return null;
  const parts = Object.entries(component).map(
    ([key, value]) =>
      [
        key,
        Array.isArray(value) ? value.map((one) => (isComponent(one) ? completed(one) : one)) : value,
      ] as const,
  );
  return { ...FIELDS[component.type], ...(Object.fromEntries(parts) as unknown as Component) };
}

const isComponent = (value: unknown): value is Component =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

type Piece = { readonly SpecialToken: object } | { readonly Sequence: { readonly id: string } };

/** The library requires a template of two texts beside the template of one. */
function withPair(processor: Component | null): Component | null {
  if (processor?.type !== 'TemplateProcessing') return processor;
  const { single, pair } = processor as unknown as {
    readonly single: readonly Piece[];
    readonly pair: readonly Piece[];
  };
  if (pair.length > 0) return processor;
  const second = single.map((piece) => ('Sequence' in piece ? { Sequence: { id: 'B', type_id: 1 } } : piece));
  return { ...processor, pair: [...single, ...second] };
}

/** The post-processor that puts a token before and behind a text, as the flags of the configuration do. */
function surrounding(
  { model, added_tokens: added }: TokenizerJson,
  tokens: { readonly before: string | undefined; readonly after: string | undefined },
): Component | null {
  const idOf = (token: string): number | undefined =>
    added.find(({ content }) => content === token)?.id ??
    (model.vocab as Readonly<Record<string, number>> | undefined)?.[token];
  const known = Object.values(tokens).flatMap((token) => {
    const id = token === undefined ? undefined : idOf(token);
    return token === undefined || id === undefined ? [] : [{ token, id }];
  });
  if (known.length === 0) return null;
  const special = (token: string | undefined) =>
    known.some((one) => one.token === token) ? [{ SpecialToken: { id: token, type_id: 0 } }] : [];
  return {
    type: 'TemplateProcessing',
    single: [...special(tokens.before), { Sequence: { id: 'A', type_id: 0 } }, ...special(tokens.after)],
    pair: [],
    special_tokens: Object.fromEntries(
      known.map(({ token, id }) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}
