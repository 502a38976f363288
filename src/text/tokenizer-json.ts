/**
 * @file The parts of tokenizer.json and tokenizer_config.json that we rely on, checked once. What the components do is
 * the business of who runs them.
 */
import { VultuneError } from '../base/errors.ts';

/** A normalizer, pre-tokenizer, post-processor or decoder: a type and its options. */
export interface Component {
  readonly type: string;
  readonly [option: string]: unknown;
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Looked for in the normalised text, not in the text as written. */
  readonly normalized: boolean;
  /** Takes the white space before / after it along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

export interface ModelDefinition {
  readonly type: string;
  /** Token → id; a list of [token, score] for Unigram. */
  readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  readonly [option: string]: unknown;
}

export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Component | null;
  readonly pre_tokenizer: Component | null;
  readonly post_processor: Component | null;
  readonly decoder: Component | null;
  readonly model: ModelDefinition;
}

export interface TokenizerConfig {
  readonly bos_token?: string;
  readonly eos_token?: string;
  readonly pad_token?: string;
  readonly unk_token?: string;
  readonly add_bos_token?: boolean;
  readonly add_eos_token?: boolean;
  readonly clean_up_tokenization_spaces?: boolean;
}

/** @throws VultuneError TOKENIZER_INVALID naming the part that is not as it should be. */
export function parseTokenizerJson(value: unknown, file: string): TokenizerJson {
  const json = object(value, 'the file', file);
  const model = object(json.model, 'model', file);
  const vocab = model.vocab;
  if (typeof vocab !== 'object' || vocab === null)
    throw invalid('model.vocab', vocab, 'a table of tokens', file);
  const component = (name: string): Component | null => {
    const found = json[name];
    if (found === undefined || found === null) return null;
    const { type, ...options } = object(found, name, file);
    if (typeof type !== 'string') throw invalid(`${name}.type`, type, 'a name', file);
    return { type, ...options };
  };
  return {
    added_tokens: list(json.added_tokens ?? [], 'added_tokens', file).map((token) => addedToken(token, file)),
    normalizer: component('normalizer'),
    pre_tokenizer: component('pre_tokenizer'),
    post_processor: component('post_processor'),
    decoder: component('decoder'),
    model: { ...model, type: modelType(model), vocab: vocab as ModelDefinition['vocab'] },
  };
}

/** Special tokens are written as text or as an object with `content`; anything else counts as absent, as in Transformers. */
export function parseTokenizerConfig(value: unknown, file: string): TokenizerConfig {
  if (value === undefined) return {};
  const config = object(value, 'tokenizer_config.json', file);
  const token = (name: string) => {
    const found = config[name];
    const content = typeof found === 'object' && found !== null && 'content' in found ? found.content : found;
    return typeof content === 'string' ? { [name]: content } : {};
  };
  const flag = (name: string) => (typeof config[name] === 'boolean' ? { [name]: config[name] } : {});
  return {
    ...token('bos_token'),
    ...token('eos_token'),
    ...token('pad_token'),
    ...token('unk_token'),
    ...flag('add_bos_token'),
    ...flag('add_eos_token'),
    ...flag('clean_up_tokenization_spaces'),
  };
}

/** Old files do not name the model's type; what else they hold tells (as in the tokenizers library). */
function modelType(model: Readonly<Record<string, unknown>>): string {
  if (typeof model.type === 'string') return model.type;
  if (Array.isArray(model.vocab)) return 'Unigram';
  if (model.merges !== undefined) return 'BPE';
  return model.continuing_subword_prefix === undefined ? 'WordLevel' : 'WordPiece';
}

function addedToken(value: unknown, file: string): AddedToken {
  const token = object(value, 'added_tokens', file);
  const { id, content } = token;
  if (typeof id !== 'number') throw invalid('added_tokens.id', id, 'a number', file);
  if (typeof content !== 'string') throw invalid('added_tokens.content', content, 'text', file);
  const special = token.special === true;
  return {
    id,
    content,
    special,
    normalized: typeof token.normalized === 'boolean' ? token.normalized : !special,
    lstrip: token.lstrip === true,
    rstrip: token.rstrip === true,
  };
}

function object(value: unknown, name: string, file: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(name, value, 'an object', file);
  }
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown, name: string, file: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(name, value, 'a list', file);
  return value;
}

function invalid(name: string, found: unknown, expected: string, file: string): VultuneError {
  const shown = found === undefined ? 'missing' : Array.isArray(found) ? 'a list' : typeof found;
  return new VultuneError('TOKENIZER_INVALID', `${name} is ${shown}, ${expected} was expected`, {
    where: { file, name },
    hint: 'the file is not a tokenizer.json of the tokenizers library, or damaged: fetch it again',
  });
}
