/**
 * @file The added tokens of a vocabulary: what tokenizer_config.json, special_tokens_map.json and added_tokens.json say of
 * them, put together as Transformers 5.23 does (PreTrainedTokenizerBase._from_pretrained, TokenizersBackend).
 */
import { z } from '../../schema/zod.ts';
import { type ComponentPlace, checkPart } from '../component.ts';
import { type AddedToken, addedToken, addedTokenSchema } from '../tokenizer-json.ts';
import { idSchema, type Vocabulary } from '../vocabulary.ts';

/** In the order in which those that are not in the vocabulary get their ids. */
const ROLES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;
export type Role = (typeof ROLES)[number];
export type RoleDefaults = Readonly<Partial<Record<Role, string>>>;

const MOST_TOKENS = 2 ** 20;
const token = z.union([z.string(), addedTokenSchema]);
const tokens = z.union([z.array(token).max(MOST_TOKENS), z.record(z.string(), token)]).nullish();
const configSchema = z
  .object({
    ...(Object.fromEntries(ROLES.map((role) => [role, token.nullish()])) as Record<
      Role,
      z.ZodOptional<z.ZodNullable<typeof token>>
    >),
    additional_special_tokens: tokens,
    extra_special_tokens: tokens,
    added_tokens_decoder: z.record(z.string().regex(/^\d{1,8}$/), addedTokenSchema).nullish(),
  })
  .loose();
const addedFileSchema = z.record(z.string(), idSchema);

type Token = z.output<typeof token>;
export type SettledConfig = z.output<typeof configSchema>;

/**
 * tokenizer_config.json over the defaults of its class. special_tokens_map.json counts over both, unless the configuration
 * lists the added tokens itself: then the map is what an older version left behind.
 */
export function settledConfig(
  files: Readonly<Record<string, unknown>>,
  config: unknown,
  defaults: RoleDefaults,
  file: string,
): SettledConfig {
  const own = checkPart(configSchema, config ?? {}, { file, name: 'tokenizer_config.json' });
  const name = 'special_tokens_map.json';
  const map =
    files[name] === undefined || own.added_tokens_decoder
      ? {}
      : checkPart(configSchema, files[name], { file, name });
  return { ...defaults, ...own, ...map };
}

/** The content of the token that has a role; undefined where none has. */
export function roleToken(config: SettledConfig, role: Role): string | undefined {
  const found = config[role];
  return typeof found === 'object' ? found?.content : found;
}

/** `first`: tokens that come before all others. Ids: those of the vocabulary, or the next ones. */
export function addedTokens(
  files: Readonly<Record<string, unknown>>,
  config: SettledConfig,
  vocabulary: Vocabulary,
  { file, name }: ComponentPlace,
  first: readonly AddedToken[] = [],
): AddedToken[] {
  const found = new Map(first.map((one) => [one.content, one]));
  let next = vocabulary.size;
  const add = (content: string, value: Omit<Token & object, 'content'>) => {
    if (content === '' || found.has(content)) return;
    const id = vocabulary.get(content) ?? next++;
    found.set(content, addedToken({ ...value, content, id }));
  };
  const named = ROLES.map((role) => config[role]).filter((one) => one !== undefined && one !== null);
  const extra = [config.extra_special_tokens, config.additional_special_tokens].flatMap((list) =>
    Array.isArray(list) ? list : Object.values(list ?? {}),
  );
  const special = [...named, ...extra];
  const isSpecial = new Set(special.map((one) => (typeof one === 'string' ? one : one.content)));
  const byId = Object.entries(config.added_tokens_decoder ?? {}).toSorted(
    ([a], [b]) => Number(a) - Number(b),
  );
  for (const [, one] of byId)
    add(one.content, { ...one, special: one.special || isSpecial.has(one.content) });
  if (!config.added_tokens_decoder) {
    const listed = files['added_tokens.json'] ?? {};
    const place = { file, name: `${name}: added_tokens.json` };
    const entries = Object.entries(checkPart(addedFileSchema, listed, place)).toSorted(
      ([, a], [, b]) => a - b,
    );
    for (const [content] of entries) {
      const one = { single_word: false, lstrip: false, rstrip: false, special: isSpecial.has(content) };
      add(content, { ...one, normalized: !one.special });
    }
  }
  for (const one of special) {
    if (typeof one !== 'string') add(one.content, { ...one, special: true });
    else add(one, { special: true, normalized: false, single_word: false, lstrip: false, rstrip: false });
  }
  return [...found.values()];
}
