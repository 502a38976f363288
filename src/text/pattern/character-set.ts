/**
 * @file Sets of characters as Oniguruma writes them (`[^\s\p{L}]`, `\p{N}`, `[[:alpha:]]`): whether a code point is in
 * one. Each is one character class of JavaScript, which is asked for one character at a time and remembered.
 */
import type {
  CharacterClassElementNode,
  CharacterClassNode,
  CharacterSetNode,
} from 'oniguruma-parser/parser';

export type SetNode = Extract<CharacterClassElementNode, { type: string }>;

/** Oniguruma's \w inside of brackets; outside of them it has some signs of Latin-1 more. */
const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}`;
const LONE_WORD = String.raw`${WORD}\xB2\xB3\xB9\xBC-\xBE`;
const HEX = '0-9A-Fa-f';

const POSIX: Readonly<Record<string, string>> = {
  alpha: String.raw`\p{Alphabetic}`,
  alnum: String.raw`\p{Alphabetic}\p{Nd}`,
  digit: String.raw`\p{Nd}`,
  lower: String.raw`\p{Lowercase}`,
  upper: String.raw`\p{Uppercase}`,
  space: String.raw`\p{White_Space}`,
  blank: String.raw`\t\p{Zs}`,
  punct: String.raw`\p{P}\p{S}`,
  cntrl: String.raw`\p{Cc}`,
  word: WORD,
  xdigit: HEX,
};

const BASIC_PLANE = 0x10000;
const [UNKNOWN, OUT, IN] = [0, 1, 2] as const;

export class CharacterSet {
  readonly #pattern: RegExp;
  readonly #remembered = new Uint8Array(BASIC_PLANE);

  /** `source`: a character class of JavaScript. */
  constructor(source: string, ignoreCase: boolean) {
    this.#pattern = new RegExp(`^${source}$`, ignoreCase ? 'iv' : 'v');
  }

  has(codePoint: number): boolean {
    const known = codePoint < BASIC_PLANE ? this.#remembered[codePoint]! : UNKNOWN;
    if (known !== UNKNOWN) return known === IN;
    const found = this.#pattern.test(String.fromCodePoint(codePoint));
    if (codePoint < BASIC_PLANE) this.#remembered[codePoint] = found ? IN : OUT;
    return found;
  }
}

export const WORD_SET = `[${LONE_WORD}]`;

/** Whether a set holds classes by name, which Oniguruma takes as they are where case does not matter. */
export function hasNamedSets(node: SetNode): boolean {
  if (node.type === 'CharacterClass') return node.body.some(hasNamedSets);
  return node.type === 'CharacterSet';
}

/** A node that stands for one character as a class of JavaScript; undefined where there is none for it. */
export function setSource(node: SetNode): string | undefined {
  switch (node.type) {
    case 'Character':
      return `[${character(node.value)}]`;
    case 'CharacterClassRange':
      return node.min.value > node.max.value
        ? undefined
        : `[${character(node.min.value)}-${character(node.max.value)}]`;
    case 'CharacterClass':
      return classSource(node);
    case 'CharacterSet':
      return namedSource(node, LONE_WORD);
    default:
      return undefined;
  }
}

function classSource(node: CharacterClassNode): string | undefined {
  const parts: string[] = [];
  for (const element of node.body) {
    const part = element.type === 'CharacterSet' ? namedSource(element, WORD) : setSource(element);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  if (parts.length === 0) return undefined;
  return `[${node.negate ? '^' : ''}${parts.join(node.kind === 'intersection' ? '&&' : '')}]`;
}

function namedSource(node: CharacterSetNode, word: string): string | undefined {
  const source = positiveSource(node, word);
  return source === undefined ? undefined : `[${node.negate === true ? '^' : ''}${source}]`;
}

function positiveSource(node: CharacterSetNode, word: string): string | undefined {
  switch (node.kind) {
    case 'any':
      return String.raw`\s\S`;
    case 'dot':
      return String.raw`[^\n]`;
    case 'digit':
      return POSIX.digit;
    case 'space':
      return POSIX.space;
    case 'hex':
      return HEX;
    case 'word':
      return word;
    case 'posix':
      return POSIX[node.value];
    case 'property':
      return propertySource(node.value);
    case 'newline':
    case 'text_segment':
      return undefined;
  }
}

function propertySource(name: string): string | undefined {
  if (!/^\w+$/.test(name)) return undefined;
  const lower = name.toLowerCase();
  if (lower === 'word') return LONE_WORD;
  // As a property, unlike in brackets with colons, it is the general category alone.
  if (lower === 'punct') return String.raw`\p{P}`;
  return [`\\p{${name}}`, `\\p{Script=${name}}`].find(isClass) ?? POSIX[lower];
}

function isClass(source: string): boolean {
  try {
    return new RegExp(source, 'v').source !== '';
  } catch {
    return false;
  }
}

const character = (codePoint: number) => `\\u{${codePoint.toString(16)}}`;
