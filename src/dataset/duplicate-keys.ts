/**
 * @file Finds a key that a JSON object has twice. JSON.parse takes the last without a word: of two targets nobody knows
 * which one was meant.
 */

/** Keys that decide what is learned. */
const DECISIVE = ['target', 'code'];

/** The first decisive key that stands twice at the top level of a JSON object's text, valid JSON; undefined: none. */
export function duplicateKey(text: string): string | undefined {
  // Within a string the quotes of `"target"` are escaped: nearly every line is done here.
  const suspects = DECISIVE.filter((key) => {
    const quoted = `"${key}"`;
    const first = text.indexOf(quoted);
    return first >= 0 && text.includes(quoted, first + 1);
  });
  if (suspects.length === 0) return undefined;
  const seen = new Set<string>();
  for (const key of topLevelKeys(text)) {
    if (suspects.includes(key) && seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}

function* topLevelKeys(text: string): Generator<string> {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && isFollowedByColon(text, end)) yield JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    }
  }
}

/** Behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return text[at] === ':';
}
