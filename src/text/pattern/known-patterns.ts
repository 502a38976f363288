/**
 * @file The patterns that published tokenizers cut text with, letter by letter as their files have them. JavaScript's own
 * regular expressions run these: their time is proven to grow as the text does (test/unit/text/known-patterns.test.ts).
 * Any other pattern goes to the matcher, which is slower, and linear whatever the pattern.
 */

/** How GPT-2 cuts text: contractions, words, numbers and signs with the blank before them, white space. */
export const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

/** GPT-4's family: words with the sign before them, numbers of up to `digits` digits, signs, lines, white space. */
const words = (digits: string, contraction = CONTRACTION) =>
  String.raw`${contraction}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
export const GPT4_PATTERN = words('{1,3}');
export const QWEN2_PATTERN = words('');

const [UPPER, LOWER] = [String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`];
/** The later family, which also cuts camelCase. */
const camelWords = (digits: string, contraction: string) =>
  [
    String.raw`[^\r\n\p{L}\p{N}]?${UPPER}*${LOWER}+${contraction}`,
    String.raw`[^\r\n\p{L}\p{N}]?${UPPER}+${LOWER}*${contraction}`,
    String.raw`\p{N}${digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  ].join('|');
export const GPT4O_PATTERN = camelWords('{1,3}', `${CONTRACTION}?`);
export const TEKKEN_PATTERN = camelWords('', '');

export const DEEPSEEK_CODER_PATTERNS = [
  String.raw`[\r\n]`,
  String.raw`\s?\p{L}+`,
  String.raw`\s?\p{P}+`,
  '[一-龥ࠀ-一가-퟿]+',
] as const;

const DEEPSEEK_V3_PATTERNS = [
  String.raw`\p{N}{1,3}`,
  '[一-龥぀-ゟ゠-ヿ]+',
  String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
] as const;

const OTHERS = [
  String.raw` ?[^(\s|[.,!?…。，、।۔،])]+`,
  words('{1,3}', "'(?i:[sdmt]|ll|ve|re)"),
  String.raw`\p{N}`,
  String.raw`\p{N}+`,
  String.raw`\d`,
  String.raw`\d+`,
  String.raw`\s+`,
  '[0-9]',
  '[0-9]+',
] as const;

export const KNOWN_PATTERNS: ReadonlySet<string> = new Set([
  GPT2_PATTERN,
  GPT4_PATTERN,
  QWEN2_PATTERN,
  GPT4O_PATTERN,
  TEKKEN_PATTERN,
  ...DEEPSEEK_CODER_PATTERNS,
  ...DEEPSEEK_V3_PATTERNS,
  ...OTHERS,
]);
