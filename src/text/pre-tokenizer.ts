/**
 * @file From a section of text to pieces that are tokenized each by itself. Every kind is put in
 * terms of `Split`: the JavaScript library's own versions differ from the original in white space, digits and words
 * beyond ASCII.
 */
import { VultuneError } from '../base/errors.ts';
import { SPLIT_BEHAVIORS, type SplitBehavior, type SplitOptions, textSplitter } from './split-text.ts';
import type { Component } from './tokenizer-json.ts';

/** `first`: the section begins the text. */
type Step = (pieces: readonly string[], first: boolean) => string[];

export interface PreTokenizer {
  readonly split: (section: string, first: boolean) => string[];
  /** Pieces are to be spelled in GPT-2's byte alphabet before they are looked up. */
  readonly byteLevel: boolean;
}

/** How GPT-2 cuts text: contractions, words, numbers and signs with the blank before them, white space. */
export const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
/** Unicode's, and all of ASCII's signs. */
const PUNCTUATION = String.raw`[\p{P}!-/:-@\[-\x60{-~]`;

/** @throws VultuneError TOKENIZER_UNSUPPORTED for a component we cannot reproduce. */
export function preTokenizer(component: Component | null, file: string): PreTokenizer {
  const components = component === null ? [] : flatten(component, file);
  const at = components.findIndex(({ type }) => type === 'ByteLevel');
  if (at >= 0 && at < components.length - 1) {
    throw unsupported(`${components[at + 1]!.type} after ByteLevel`, file);
  }
  const steps = components.flatMap((each) => stepsOf(each, file));
  return {
    split: (section, first) => steps.reduce<string[]>((pieces, step) => step(pieces, first), [section]),
    byteLevel: at >= 0,
  };
}

function flatten(component: Component, file: string): Component[] {
  if (component.type !== 'Sequence') return [component];
  if (!Array.isArray(component.pretokenizers)) throw unsupported('Sequence without pretokenizers', file);
  return component.pretokenizers.flatMap((each: Component) => flatten(each, file));
}

function stepsOf(component: Component, file: string): Step[] {
  const split = (options: SplitOptions): Step => each(textSplitter(options, file));
  const at = (Regex: string, behavior: SplitBehavior, invert = false) =>
    split({ pattern: { Regex }, behavior, invert });
  switch (component.type) {
    case 'Split':
      return [split(splitOptions(component, file))];
    case 'ByteLevel': {
      const prefix: Step = (pieces) => pieces.map((piece) => (piece.startsWith(' ') ? piece : ` ${piece}`));
      return [
        ...(component.add_prefix_space === true ? [prefix] : []),
        ...(component.use_regex === false ? [] : [at(GPT2_PATTERN, 'Isolated')]),
      ];
    }
    case 'Digits':
      return [at(component.individual_digits === true ? String.raw`\p{N}` : String.raw`\p{N}+`, 'Isolated')];
    case 'Punctuation':
      return [at(PUNCTUATION, splitBehavior(component.behavior ?? 'Isolated', file))];
    case 'Whitespace':
      return [at(String.raw`\w+|[^\w\s]+`, 'Removed', true)];
    case 'Metaspace':
      return metaspace(component, split);
    case 'WhitespaceSplit':
      return [at(String.raw`\s+`, 'Removed')];
    case 'BertPreTokenizer':
      return [at(String.raw`\s+`, 'Removed'), at(PUNCTUATION, 'Isolated')];
    default:
      throw unsupported(component.type, file);
  }
}

/** SentencePiece's blanks: U+2581 for each, one more before the text, and pieces that begin with them. */
function metaspace(component: Component, split: (options: SplitOptions) => Step): Step[] {
  const blank = typeof component.replacement === 'string' ? component.replacement : '\u2581';
  const scheme = component.prepend_scheme ?? (component.add_prefix_space === false ? 'never' : 'always');
  const spell: Step = (pieces, first) =>
    pieces.map((piece) => {
      const text = piece.replaceAll(' ', blank);
      const prepend = scheme === 'always' || (scheme === 'first' && first);
      return prepend && !text.startsWith(blank) ? blank + text : text;
    });
  if (component.split === false) return [spell];
  return [spell, split({ pattern: { String: blank }, behavior: 'MergedWithNext' })];
}

function splitOptions(component: Component, file: string): SplitOptions {
  const { pattern } = component;
  const given = typeof pattern === 'object' && pattern !== null ? pattern : {};
  const behavior = splitBehavior(component.behavior, file);
  const invert = component.invert === true;
  if ('Regex' in given && typeof given.Regex === 'string') {
    return { pattern: { Regex: given.Regex }, behavior, invert };
  }
  if ('String' in given && typeof given.String === 'string') {
    return { pattern: { String: given.String }, behavior, invert };
  }
  throw unsupported(`pattern ${JSON.stringify(pattern)}`, file);
}

function splitBehavior(value: unknown, file: string): SplitBehavior {
  const found = SPLIT_BEHAVIORS.find((behavior) => behavior === value);
  if (found === undefined) throw unsupported(`behaviour ${JSON.stringify(value)}`, file);
  return found;
}

function each(split: (piece: string) => string[]): Step {
  return (pieces) => (pieces.length === 1 ? split(pieces[0]!) : pieces.flatMap((piece) => split(piece)));
}

function unsupported(what: string, file: string): VultuneError {
  return new VultuneError('TOKENIZER_UNSUPPORTED', `the pre-tokenizer has ${what}, which is not supported`, {
    where: { file, name: 'pre_tokenizer' },
  });
}
