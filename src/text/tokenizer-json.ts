/**
 * @file The parts of tokenizer.json, each of the kind it should be. What a component's options are is checked by who runs
 * it. As with Transformers, `truncation` and `padding` are the caller's business: what the file says of them does not
 * change ids.
 */
import { describeFound } from '../schema/words.ts';
import { z } from '../schema/zod.ts';
import { type Component, type ComponentPlace, checkPart, invalid, unsupported } from './component.ts';
import { idSchema } from './vocabulary.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Looked for in the normalised text, not in the text as written. */
  readonly normalized: boolean;
  /** Only where neither neighbour is a character of a word. */
  readonly singleWord: boolean;
  /** Takes the white space before / after it along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component | null;
  readonly post_processor: Component | null;
  readonly decoder: Component | null;
  readonly model: Component;
}

/** Deeper than any component: what is below runs through them recursively. */
const DEEPEST = 32;
const VERSION = '1.0';

export const addedTokenSchema = z.object({
  content: z.string(),
  special: z.boolean().default(false),
  normalized: z.boolean().optional(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});
const component = z.object({ type: z.string() }).loose();
const fileSchema = z.object({
  version: z.string().nullish(),
  truncation: z.record(z.string(), z.unknown()).nullish(),
  padding: z.record(z.string(), z.unknown()).nullish(),
  added_tokens: z.array(addedTokenSchema.extend({ id: idSchema })).default([]),
  normalizer: component.nullish(),
  pre_tokenizer: component.nullish(),
  post_processor: component.nullish(),
  decoder: component.nullish(),
});

/** @throws VultuneError TOKENIZER_INVALID naming the part that is not as it should be, TOKENIZER_UNSUPPORTED. */
export function parseTokenizerJson(value: unknown, file: string): TokenizerJson {
  const whole = { file, name: 'tokenizer' };
  const { model, ...rest } = object(value, whole);
  for (const [name, part] of Object.entries(rest)) checkDepth(part, { file, name });
  const parts = checkPart(fileSchema, rest, whole);
  if ((parts.version ?? VERSION) !== VERSION) {
    throw unsupported(
      { file, name: 'version' },
      `is "${parts.version}", which is not supported; known is ${VERSION}`,
    );
  }
  return {
    added_tokens: parts.added_tokens.map(addedToken),
    normalizer: parts.normalizer ?? null,
    pre_tokenizer: parts.pre_tokenizer ?? null,
    post_processor: parts.post_processor ?? null,
    decoder: parts.decoder ?? null,
    model: modelOf(model, file),
  };
}

/** A token that is not special is looked for in normalised text unless the file says otherwise. */
export function addedToken({
  id,
  ...token
}: z.output<typeof addedTokenSchema> & { readonly id: number }): AddedToken {
  const { content, special, normalized = !special, single_word: singleWord, lstrip, rstrip } = token;
  return { id, content, special, normalized, singleWord, lstrip, rstrip };
}

/** Old files do not name the model's type; what else they hold tells (as in the tokenizers library). */
function modelOf(value: unknown, file: string): Component {
  const model = object(value, { file, name: 'model' });
  const { type, vocab, merges, ...options } = model;
  checkDepth(options, { file, name: 'model' });
  if (typeof type === 'string') return { ...model, type };
  if (type !== undefined && type !== null) throw invalid({ file, name: 'model.type' }, 'is not a name');
  if (Array.isArray(vocab)) return { ...model, type: 'Unigram' };
  if (merges !== undefined) return { ...model, type: 'BPE' };
  return { ...model, type: options.continuing_subword_prefix === undefined ? 'WordLevel' : 'WordPiece' };
}

function object(value: unknown, place: ComponentPlace): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw invalid(place, `is ${describeFound(value).slice(0, 120)}, expected an object`);
}

function checkDepth(value: unknown, place: ComponentPlace, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEEPEST) throw invalid(place, `has more than ${DEEPEST} levels`);
  for (const part of Object.values(value)) checkDepth(part, place, depth + 1);
}
