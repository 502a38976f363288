/** @file Code as a list of words for n-gram models: language-neutral, lossless but for white space. */

/**
 * In this order:
 * - identifiers and keywords: a letter, `_` or `$`, then letters, digits, `_`, `$`;
 * - numbers: a digit, then letters, digits, `_`, `.` (so 0xFF, 1e9, 10L, 3.14 are one token each);
 * - operators of two and three characters that C-like languages and Python share;
 * - any other character that is not white space, by itself (quotes too: the words of a string are tokens).
 */
const TOKEN =
  /[\p{L}_$][\p{L}\p{N}_$]*|\p{N}[\p{L}\p{N}_.]*|>>>|<<=|>>=|===|!==|\*\*|->|=>|::|\+\+|--|&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%&|^]=|[^\s]/gu;

export function codeTokens(code: string): string[] {
  return code.match(TOKEN) ?? [];
}
