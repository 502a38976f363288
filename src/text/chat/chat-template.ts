/**
 * @file Finds the chat template that a model was published with, and the special tokens that the template writes: in
 * tokenizer_config.json, in chat_template.jinja (which the reader of tokenizer files puts there), in a GGUF file's metadata.
 * Renders nothing (render-chat.ts).
 */
import { VultuneError } from '../../base/errors.ts';
import type { TokenizerDefinition } from '../../checkpoint/checkpoint.ts';
import { z } from '../../schema/zod.ts';
import { type Metadata, strings, tokenId } from '../gguf-metadata.ts';

export interface ChatTemplate {
  /** Jinja, untrusted. */
  readonly source: string;
  /** Text of each special token by the name that templates know it under: `bos_token`, `eos_token`. */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** Where it was read from, for errors. */
  readonly file: string;
}

/** Published templates have up to some 20,000 characters. */
const MOST_CHARACTERS = 1_000_000;

const named = z.array(z.object({ name: z.string(), template: z.string() }));

type Templates = ReadonlyMap<string, string>;

/**
 * The template of a model; of several, the one of that name.
 * @throws VultuneError CHAT_TEMPLATE_MISSING where the model has none, or none of that name; CHAT_TEMPLATE_INVALID where what
 * stands in its place is not a template.
 */
export function chatTemplate(
  definition: TokenizerDefinition | undefined,
  /** The model, for errors. */
  where: string,
  name = 'default',
): ChatTemplate {
  const file = definition?.file ?? where;
  const templates: Templates =
    definition === undefined
      ? new Map()
      : definition.kind === 'gguf'
        ? ggufTemplates(definition.metadata)
        : configTemplates(field(definition.config, 'chat_template'), file);
  const source = templates.get(name);
  if (definition === undefined || source === undefined) throw missing(where, name, [...templates.keys()]);
  if (source.length > MOST_CHARACTERS) {
    throw invalid(file, `has ${source.length} characters, expected at most ${MOST_CHARACTERS}`);
  }
  const specialTokens =
    definition.kind === 'gguf' ? ggufTokens(definition.metadata, file) : configTokens(definition.config);
  return { source, specialTokens, file };
}

function configTemplates(value: unknown, file: string): Templates {
  if (value === undefined || value === null) return new Map();
  if (typeof value === 'string') return new Map([['default', value]]);
  const list = named.safeParse(value);
  if (!list.success) throw invalid(file, 'is neither text nor a list of { name, template }');
  return new Map(list.data.map(({ name, template }) => [name, template]));
}

const GGUF_KEY = 'tokenizer.chat_template';

/** llama.cpp writes templates of another name under `tokenizer.chat_template.NAME`. */
function ggufTemplates(metadata: Metadata): Templates {
  const found = Object.entries(metadata).flatMap(([key, value]): [string, string][] => {
    if (typeof value !== 'string') return [];
    if (key === GGUF_KEY) return [['default', value]];
    return key.startsWith(`${GGUF_KEY}.`) ? [[key.slice(GGUF_KEY.length + 1), value]] : [];
  });
  return new Map(found);
}

/** Special tokens are written as text or as an object with `content`; anything else counts as absent, as in Transformers. */
function configTokens(config: unknown): Readonly<Record<string, string>> {
  if (typeof config !== 'object' || config === null) return {};
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]): [string, string][] => {
      const content = field(value, 'content') ?? value;
      return name.endsWith('_token') && typeof content === 'string' ? [[name, content]] : [];
    }),
  );
}

/** Names in templates, and llama.cpp's keys for their ids (`seperator` is its spelling). */
const GGUF_TOKENS = {
  bos_token: ['bos_token_id'],
  eos_token: ['eos_token_id'],
  pad_token: ['padding_token_id'],
  unk_token: ['unknown_token_id'],
  sep_token: ['seperator_token_id', 'separator_token_id'],
  cls_token: ['cls_token_id'],
  mask_token: ['mask_token_id'],
} as const;

function ggufTokens(metadata: Metadata, file: string): Readonly<Record<string, string>> {
  const tokens = strings(metadata, 'tokens', file);
  return Object.fromEntries(
    Object.entries(GGUF_TOKENS).flatMap(([name, keys]): [string, string][] => {
      const id = tokenId(metadata, keys, tokens, file);
      return id === undefined ? [] : [[name, tokens[id]!]];
    }),
  );
}

const field = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
    ? (holder as Record<string, unknown>)[name]
    : undefined;

function missing(where: string, name: string, known: readonly string[]): VultuneError {
  const which = known.length === 0 ? 'no chat template' : `no chat template named "${name}"`;
  return new VultuneError('CHAT_TEMPLATE_MISSING', `${where} has ${which}`, {
    where: { file: where },
    hint:
      known.length === 0
        ? 'Only models that were tuned on chats have one: use the -Instruct version of the model, or give the text itself as a prompt.'
        : `It has ${known.map((one) => `"${one}"`).join(', ')}.`,
  });
}

const invalid = (file: string, what: string) =>
  new VultuneError('CHAT_TEMPLATE_INVALID', `the chat template ${what}`, {
    where: { file, name: 'chat_template' },
  });
