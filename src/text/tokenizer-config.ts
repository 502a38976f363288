/**
 * @file What of tokenizer_config.json decides ids: special tokens by role, whether a text begins or ends with one, flags of
 * added tokens. Options that change the tokenizer itself are held against tokenizer.json, and refused where they differ.
 */
import { z } from '../schema/zod.ts';
import { type Component, type ComponentPlace, checkPart, unsupported } from './component.ts';
import { addedToken, addedTokenSchema, type TokenizerJson } from './tokenizer-json.ts';

export interface TokenizerConfig {
  readonly bos_token?: string;
  readonly eos_token?: string;
  readonly pad_token?: string;
  readonly unk_token?: string;
  readonly add_bos_token?: boolean;
  readonly add_eos_token?: boolean;
  readonly clean_up_tokenization_spaces?: boolean;
}

const NAME = 'tokenizer_config.json';
const flag = z.boolean().nullish();
const configSchema = z
  .object({
    tokenizer_class: z.string().nullish(),
    auto_map: z.record(z.string(), z.unknown()).nullish(),
    add_bos_token: flag,
    add_eos_token: flag,
    clean_up_tokenization_spaces: flag,
    add_prefix_space: flag,
    do_lower_case: flag,
    strip_accents: flag,
    tokenize_chinese_chars: flag,
    added_tokens_decoder: z.record(z.string().regex(/^\d{1,8}$/), addedTokenSchema).nullish(),
  })
  .loose();

/** Options of Transformers' classes that are options of the normalizer in tokenizer.json. */
const BERT_OPTIONS = {
  do_lower_case: 'lowercase',
  strip_accents: 'strip_accents',
  tokenize_chinese_chars: 'handle_chinese_chars',
} as const;

/**
 * The configuration, and the tokenizer as it changes it. Special tokens are written as text or as an object with
 * `content`; anything else counts as absent, as in Transformers.
 * @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED.
 */
export function applyTokenizerConfig(
  json: TokenizerJson,
  value: unknown,
  file: string,
): { readonly json: TokenizerJson; readonly config: TokenizerConfig } {
  if (value === undefined) return { json, config: {} };
  const place = { file, name: NAME };
  const config = checkPart(configSchema, value, place);
  if (config.auto_map?.AutoTokenizer !== undefined) {
    throw unsupported(place, 'names code of its own for the tokenizer (auto_map), which is not run');
  }
  checkSame(config.add_prefix_space, json.pre_tokenizer, 'ByteLevel', 'add_prefix_space', place);
  for (const [name, option] of Object.entries(BERT_OPTIONS)) {
    checkSame(config[name], json.normalizer, 'BertNormalizer', option, place);
  }
  const token = (name: string) => {
    const found = config[name];
    const content = typeof found === 'object' && found !== null && 'content' in found ? found.content : found;
    return typeof content === 'string' ? { [name]: content } : {};
  };
  const known = (name: string, found: boolean | null | undefined) =>
    typeof found === 'boolean' ? { [name]: found } : {};
  return {
    json: { ...json, added_tokens: withFlags(json, config.added_tokens_decoder ?? {}, place) },
    config: {
      ...token('bos_token'),
      ...token('eos_token'),
      ...token('pad_token'),
      ...token('unk_token'),
      ...known('add_bos_token', config.add_bos_token),
      ...known('add_eos_token', config.add_eos_token),
      ...known('clean_up_tokenization_spaces', config.clean_up_tokenization_spaces),
    },
  };
}

/** Transformers' classes would change the component: which of the two holds depends on the class. */
function checkSame(
  found: unknown,
  component: Component | null,
  type: string,
  option: string,
  place: ComponentPlace,
): void {
  if (typeof found !== 'boolean' || component?.type !== type) return;
  const own = component[option];
  if (typeof own !== 'boolean' || own === found) return;
  throw unsupported(place, `says ${found} where tokenizer.json's ${type} has ${option} ${own}`);
}

/** As Transformers does it, what the configuration says of an added token holds. */
function withFlags(
  json: TokenizerJson,
  given: Readonly<Record<string, z.output<typeof addedTokenSchema>>>,
  place: ComponentPlace,
) {
  const tokens = new Map(json.added_tokens.map((token) => [token.id, token]));
  for (const [key, token] of Object.entries(given)) {
    const id = Number(key);
    if (tokens.get(id)?.content !== token.content) {
      throw unsupported(
        place,
        `has an added token ${id} "${token.content.slice(0, 40)}" that the tokenizer lacks`,
      );
    }
    tokens.set(id, addedToken({ ...token, id }));
  }
  return [...tokens.values()];
}
