/**
 * @file From a section of text to pieces that are tokenized each by itself. Every kind is put in
 * terms of `Split`: the JavaScript library's own versions differ from the original in white space, digits and words
 * beyond ASCII.
 */
import { z } from '../schema/zod.ts';
import {
  type Component,
  type ComponentPlace,
  emptySchema,
  flattened,
  invalid,
  patternSchema,
  readComponent,
  unsupported,
} from './component.ts';
import { GPT2_PATTERN } from './pattern/known-patterns.ts';
import { knownPattern, openPattern, type Pattern } from './pattern/pattern.ts';
import { SPLIT_BEHAVIORS, type SplitBehavior, textSplitter } from './split-text.ts';

const behavior = z.enum(SPLIT_BEHAVIORS);
const character = z.string().regex(/^.$/su);
const KINDS = {
  Split: z.object({ pattern: patternSchema, behavior, invert: z.boolean().default(false) }),
  ByteLevel: z.object({
    add_prefix_space: z.boolean().default(false),
    trim_offsets: z.boolean().optional(),
    use_regex: z.boolean().default(true),
  }),
  Digits: z.object({ individual_digits: z.boolean().default(false) }),
  Punctuation: z.object({ behavior: behavior.default('Isolated') }),
  Whitespace: emptySchema,
  WhitespaceSplit: emptySchema,
  BertPreTokenizer: emptySchema,
  CharDelimiterSplit: z.object({ delimiter: character }),
  FixedLength: z.object({ length: z.int().min(1).default(5) }),
  Metaspace: z.object({
    replacement: character.default('\u2581'),
    prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
    add_prefix_space: z.boolean().optional(),
    split: z.boolean().default(true),
  }),
} as const;

/** `first`: the section begins the text. */
type Step = (pieces: readonly string[], first: boolean) => string[];

export interface PreTokenizer {
  readonly split: (section: string, first: boolean) => string[];
  /** Pieces are to be spelled in GPT-2's byte alphabet before they are looked up. */
  readonly byteLevel: boolean;
}

/** \w of Rust's regular expressions, which the original has here; Oniguruma's has a little more. */
const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;
/** Unicode's, and all of ASCII's signs. */
const PUNCTUATION = String.raw`[\p{P}!-/:-@\[-\x60{-~]`;

/**
 * `fromStart`: a section that begins a text begins it as it was written.
 * @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED for a component we cannot reproduce.
 */
export function preTokenizer(component: Component | null, file: string, fromStart = true): PreTokenizer {
  const place = { file, name: 'pre_tokenizer' };
  const parts = component === null ? [] : flattened(component, 'pretokenizers', place);
  const components = parts.map((part) => ({
    ...readComponent(KINDS, part.value, part.place),
    place: part.place,
  }));
  const at = components.findIndex(({ type }) => type === 'ByteLevel');
  const after = at < 0 ? undefined : components[at + 1];
  if (after !== undefined) throw unsupported(after.place, `is ${after.type} after ByteLevel`);
  const prefixed = components.findIndex(
    ({ type, options }) => type === 'Metaspace' && options.prepend_scheme === 'first',
  );
  if (prefixed > 0 || (prefixed === 0 && !fromStart)) {
    throw unsupported(
      components[prefixed]!.place,
      'has prepend_scheme first after the text was changed or cut',
    );
  }
  const steps = components.flatMap(stepsOf);
  return {
    split: (section, first) => steps.reduce<string[]>((pieces, step) => step(pieces, first), [section]),
    byteLevel: at >= 0,
  };
}

type Part = ReturnType<typeof readComponent<typeof KINDS>> & { readonly place: ComponentPlace };

function stepsOf({ type, options, place }: Part): Step[] {
  const split = (pattern: Pattern, behavior: SplitBehavior, invert = false): Step =>
    each(textSplitter(pattern, behavior, invert));
  const at = (regex: string, behavior: SplitBehavior, invert = false) =>
    split(knownPattern(regex), behavior, invert);
  switch (type) {
    case 'Split':
      return [split(openPattern(options.pattern, place), options.behavior, options.invert)];
    case 'ByteLevel': {
      const prefix: Step = (pieces) => pieces.map((piece) => (piece.startsWith(' ') ? piece : ` ${piece}`));
      return [
        ...(options.add_prefix_space ? [prefix] : []),
        ...(options.use_regex ? [at(GPT2_PATTERN, 'Isolated')] : []),
      ];
    }
    case 'Digits':
      return [at(options.individual_digits ? String.raw`\p{N}` : String.raw`\p{N}+`, 'Isolated')];
    case 'Punctuation':
      return [at(PUNCTUATION, options.behavior)];
    case 'Whitespace':
      return [at(`[${WORD}]+|[^${WORD}\\s]+`, 'Removed', true)];
    case 'WhitespaceSplit':
      return [at(String.raw`\s+`, 'Removed')];
    case 'BertPreTokenizer':
      return [at(String.raw`\s+`, 'Removed'), at(PUNCTUATION, 'Isolated')];
    case 'CharDelimiterSplit':
      return [split(openPattern({ String: options.delimiter }, place), 'Removed')];
    case 'FixedLength':
      return [each((piece) => chunks(piece, options.length))];
    case 'Metaspace':
      return metaspace(options, place);
  }
}

/** SentencePiece's blanks: U+2581 for each, one more before the text, and pieces that begin with them. */
function metaspace(options: z.output<(typeof KINDS)['Metaspace']>, place: ComponentPlace): Step[] {
  const { replacement: blank, add_prefix_space: prefix, prepend_scheme } = options;
  if (prefix === false && prepend_scheme !== undefined && prepend_scheme !== 'never') {
    throw invalid(place, `has add_prefix_space false and prepend_scheme ${prepend_scheme}`);
  }
  const scheme = prepend_scheme ?? (prefix === false ? 'never' : 'always');
  const spell: Step = (pieces, first) =>
    pieces.map((piece) => {
      const text = piece.replaceAll(' ', () => blank);
      const prepend = scheme === 'always' || (scheme === 'first' && first);
      return prepend && !text.startsWith(blank) ? blank + text : text;
    });
  if (!options.split) return [spell];
  return [spell, each(textSplitter(openPattern({ String: blank }, place), 'MergedWithNext', false))];
}

/** Parts of so many characters, the last one of what is left. */
function chunks(piece: string, length: number): string[] {
  const characters = Array.from(piece);
  const count = Math.ceil(characters.length / length);
  return Array.from({ length: count }, (_, i) => characters.slice(i * length, (i + 1) * length).join(''));
}

function each(split: (piece: string) => string[]): Step {
  return (pieces) => (pieces.length === 1 ? split(pieces[0]!) : pieces.flatMap((piece) => split(piece)));
}
