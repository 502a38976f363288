/**
 * @file What Python writes into JSON and JSON does not have: NaN, Infinity and -Infinity, for the empty cells of a table.
 * Outside strings they become null, a character read once; strings stay as they are.
 */

const WORD = /-?\b(?:NaN|Infinity)\b/g;

/** For a text that JSON refuses. */
export function pythonNumbersAsNull(text: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const start = quote === -1 ? text.length : quote;
    parts.push(text.slice(at, start).replace(WORD, 'null'));
    at = endOfString(text, start);
    parts.push(text.slice(start, at));
  }
  return parts.join('');
}

/** After the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
  return text.length;
}

const [QUOTE, BACKSLASH, LETTER_I, LETTER_N, MINUS] = [0x22, 0x5c, 0x49, 0x4e, 0x2d];
const WORDS = ['NaN', 'Infinity', '-Infinity'].map((word) => Buffer.from(word));
const LONGEST_WORD = 9;
const NULL = Buffer.from('null');
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** For a stream of JSON that cannot be read a second time; a byte order mark at its head is left out too. */
export async function* bytesWithoutPythonNumbers(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const state = { inString: false, isEscaped: false };
  let isHead = true;
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of bytes) {
    const joined: Uint8Array = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (isHead && joined.length < BYTE_ORDER_MARK.length) {
      rest = joined;
      continue;
    }
    const hasMark = isHead && BYTE_ORDER_MARK.equals(joined.subarray(0, 3));
    isHead = false;
    const found = replaceWords(hasMark ? joined.subarray(3) : joined, state, false);
    rest = found.rest;
    yield* found.pieces;
  }
  yield* replaceWords(rest, state, true).pieces;
}

/** `rest`: the beginning of what may be a word and ends with the bytes. */
function replaceWords(
  bytes: Uint8Array,
  state: { inString: boolean; isEscaped: boolean },
  isLast: boolean,
): { readonly pieces: readonly Uint8Array[]; readonly rest: Uint8Array } {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (state.isEscaped) state.isEscaped = false;
    else if (state.inString) {
      if (byte === QUOTE) state.inString = false;
      else if (byte === BACKSLASH) state.isEscaped = true;
    } else if (byte === QUOTE) state.inString = true;
    else if (byte === LETTER_I || byte === LETTER_N || byte === MINUS) {
      if (!isLast && at + LONGEST_WORD > bytes.length) {
        pieces.push(bytes.subarray(from, at));
        return { pieces, rest: bytes.subarray(at) };
      }
      const word = WORDS.find((one) => one.equals(bytes.subarray(at, at + one.length)));
      if (word === undefined) continue;
      pieces.push(bytes.subarray(from, at), NULL);
      from = at + word.length;
      at = from - 1;
    }
  }
  pieces.push(bytes.subarray(from));
  return { pieces, rest: new Uint8Array() };
}
