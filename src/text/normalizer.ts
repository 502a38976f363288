/**
 * @file Normalizing text before it is cut, as the tokenizers library does it: character by character where JavaScript's
 * own functions look further (lower case of a final sigma).
 */
import { z } from '../schema/zod.ts';
import { spellBytes } from './byte-alphabet.ts';
import { charactersMap } from './characters-map.ts';
import {
  type Component,
  type ComponentPlace,
  emptySchema,
  flattened,
  patternSchema,
  readComponent,
} from './component.ts';
import { openPattern } from './pattern/pattern.ts';
import { skipSpace, trimEnd } from './white-space.ts';

const KINDS = {
  NFC: emptySchema,
  NFD: emptySchema,
  NFKC: emptySchema,
  NFKD: emptySchema,
  Lowercase: emptySchema,
  StripAccents: emptySchema,
  Nmt: emptySchema,
  ByteLevel: emptySchema,
  Strip: z.object({ strip_left: z.boolean(), strip_right: z.boolean() }),
  Precompiled: z.object({ precompiled_charsmap: z.base64() }),
  Prepend: z.object({ prepend: z.string().min(1) }),
  Replace: z.object({ pattern: patternSchema, content: z.string() }),
  BertNormalizer: z.object({
    clean_text: z.boolean(),
    handle_chinese_chars: z.boolean(),
    strip_accents: z.boolean().nullish(),
    lowercase: z.boolean(),
  }),
} as const;

type Normalize = (text: string) => string;

/** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
export function textNormalizer(component: Component | null, file: string): Normalize {
  if (component === null) return (text) => text;
  const place = { file, name: 'normalizer' };
  const steps = flattened(component, 'normalizers', place).map((part) => stepOf(part.value, part.place));
  return (text) => steps.reduce((normalized, step) => step(normalized), text);
}

/** Whether normalized text begins where the text as written does: no character is taken away there, or put there. */
export function keepsStart(component: Component | null, file: string): boolean {
  if (component === null) return true;
  const parts = flattened(component, 'normalizers', { file, name: 'normalizer' });
  return parts.every(({ value, place }) => FORMS.includes(readComponent(KINDS, value, place).type));
}

const FORMS: readonly string[] = ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase'];

function stepOf(value: unknown, place: ComponentPlace): Normalize {
  const { type, options } = readComponent(KINDS, value, place);
  switch (type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (text) => text.normalize(type);
    case 'Lowercase':
      return lower;
    case 'StripAccents':
      return (text) => text.replace(/\p{M}/gu, '');
    case 'Nmt':
      return (text) => text.replace(NMT_REMOVED, '').replace(NMT_BLANKS, ' ');
    case 'ByteLevel':
      return spellBytes;
    case 'Strip':
      return (text) => {
        const left = options.strip_left ? text.slice(skipSpace(text)) : text;
        return options.strip_right ? trimEnd(left) : left;
      };
    case 'Precompiled':
      return charactersMap(Buffer.from(options.precompiled_charsmap, 'base64'), place);
    case 'Prepend':
      return (text) => (text === '' ? text : options.prepend + text);
    case 'Replace':
      return replace(options, place);
    case 'BertNormalizer':
      return bert(options);
  }
}

function replace(
  { pattern, content }: z.output<(typeof KINDS)['Replace']>,
  place: ComponentPlace,
): Normalize {
  const matches = openPattern(pattern, place);
  return (text) => {
    const found = matches(text);
    if (found.length === 0) return text;
    let [out, from] = ['', 0];
    for (let i = 0; i < found.length; i += 2) {
      out += text.slice(from, found[i]) + content;
      from = found[i + 1]!;
    }
    return out + text.slice(from);
  };
}

function bert(options: z.output<(typeof KINDS)['BertNormalizer']>): Normalize {
  const { clean_text, handle_chinese_chars, lowercase } = options;
  const stripAccents = options.strip_accents ?? lowercase;
  return (text) => {
    let out = text;
    if (clean_text) out = out.replace(BERT_REMOVED, '').replace(/\p{White_Space}/gu, ' ');
    if (handle_chinese_chars) out = out.replace(CHINESE, ' $& ');
    if (stripAccents) out = out.normalize('NFD').replace(/\p{Mn}/gu, '');
    return lowercase ? lower(out) : out;
  };
}

/** JavaScript lowers a sigma by its place in the word; the original by itself. */
function lower(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}

/** Control characters that are not blanks, save those that SentencePiece's rules leave. */
const NMT_REMOVED = /(?![\0\t\n\f\r\u0080-\u008E\u0090-\u009E])\p{Cc}/gu;
const NMT_BLANKS = /[\t\n\f\r\u1680\u200B-\u200F\u2028\u2029\u2581\uFEFF\uFFFD]/gu;
/** What is not a character to read, save tabs and line breaks. */
const BERT_REMOVED = /(?![\t\n\r])[\0\uFFFD\p{Cc}\p{Cf}\p{Co}]/gu;
const CHINESE =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
