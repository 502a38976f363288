/**
 * @file The token shingles of a text: hashes of every few tokens in a row, what near duplicates are compared by. Knows no
 * language: a token is a word, a number or one sign.
 */

/** Tokens in a shingle: few enough that one renamed variable leaves most of them, enough that order counts. */
export const SHINGLE_TOKENS = 3;

/**
 * Hashes (32 bits) of all runs of `SHINGLE_TOKENS` tokens, in order, repeats included; white space does not count. A
 * shorter text is one shingle, one without tokens has none.
 */
export function shingleHashes(text: string): Int32Array {
  const tokens = tokenHashes(text);
  const count = Math.min(tokens.length, Math.max(1, tokens.length - SHINGLE_TOKENS + 1));
  const shingles = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let hash = 0;
    for (let j = i; j < Math.min(i + SHINGLE_TOKENS, tokens.length); j++) {
      hash = Math.imul(hash ^ tokens[j]!, 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    shingles[i] = mixBits(hash);
  }
  return shingles;
}

/** Jaccard similarity of two texts' sets of shingles, 0 to 1; two texts without tokens are equal. */
export function shingleSimilarity(a: string, b: string): number {
  const [left, right] = [new Set(shingleHashes(a)), new Set(shingleHashes(b))];
  let common = 0;
  for (const hash of left) if (right.has(hash)) common++;
  const total = left.size + right.size - common;
  return total === 0 ? 1 : common / total;
}

function tokenHashes(text: string): number[] {
  const tokens: number[] = [];
  let word = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isWord = isWordCharacter(code);
    if (inWord && !isWord) tokens.push(word);
    if (isWord) word = Math.imul((inWord ? word : FNV_OFFSET) ^ code, FNV_PRIME);
    else if (!isSpace(code)) tokens.push(Math.imul(FNV_OFFSET ^ code, FNV_PRIME));
    inWord = isWord;
  }
  if (inWord) tokens.push(word);
  return tokens;
}

// FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
export function mixBits(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function isWordCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    (code > 127 && !isSpace(code))
  );
}

/** ASCII white space, no-break space, the Unicode line ends, ideographic space, byte order mark. */
function isSpace(code: number): boolean {
  if (code <= 32) return true;
  if (code < 160) return false;
  return code === 160 || (code >= 0x2000 && code <= 0x200a) || SPACES.has(code);
}

const SPACES: ReadonlySet<number> = new Set([0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff]);
