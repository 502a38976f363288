/**
 * @file SentencePiece's precompiled map of characters: a double-array trie of what is replaced, and the texts that replace it.
 * Looked up as the tokenizers library does it (its spm_precompiled), grapheme by grapheme: SentencePiece itself takes the longest
 * match wherever that ends.
 */
import { type ComponentPlace, invalid } from './component.ts';

/** Longer graphemes are looked up character by character. */
const MOST_GRAPHEME_BYTES = 5;
/** SentencePiece's own maps have up to 33: a text must not become much longer than it was. */
const MOST_TEXT_BYTES = 256;
const UNIT_BYTES = 4;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Characters before which a grapheme always ends, save after a carriage return and some signs of format. */
const STARTS = [
  String.raw`[[\t\n\x20-\x7E\p{N}\p{P}\p{Sm}\p{Sc}\p{Zs}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}`,
  String.raw`\p{Script=Armenian}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Georgian}\p{Script=Han}`,
  String.raw`\p{Script=Hiragana}\p{Script=Katakana}]--[\p{M}\p{Cf}]]`,
].join('');
/**
 * Runs of characters that are graphemes each (captured), and short parts that hold whole graphemes: the segmenter's time grows
 * with the square of a text. Only where more than 64 other characters follow each other may a part end inside a grapheme, and
 * such graphemes (emoji, Hangul, scripts of India) are longer than what is looked up whole.
 */
const PARTS = new RegExp(
  `((?:${STARTS}(?=${STARTS}|$))+)|.(?:(?!${STARTS}).){0,64}\\p{M}{0,64}(?:(?<=[\\r\\p{Cf}])${STARTS}\\p{M}{0,64})?`,
  'gsv',
);

/** @throws VultuneError TOKENIZER_INVALID for a map whose sizes do not fit its bytes. */
export function charactersMap(map: Uint8Array, place: ComponentPlace): (text: string) => string {
  const view = new DataView(map.buffer, map.byteOffset, map.byteLength);
  const trieBytes = map.length < UNIT_BYTES ? -1 : view.getUint32(0, true);
  const textsAt = UNIT_BYTES + trieBytes;
  if (trieBytes <= 0 || trieBytes % UNIT_BYTES !== 0 || textsAt > map.length) {
    throw invalid(place, `has a map of ${map.length} bytes, which does not hold the trie it says it does`);
  }
  const units = Uint32Array.from({ length: trieBytes / UNIT_BYTES }, (_, i) =>
    view.getUint32(UNIT_BYTES * (i + 1), true),
  );
  const texts = map.subarray(textsAt);
  const known = new Map<number, string>();
  const replacement = (at: number) => {
    let text = known.get(at);
    if (text === undefined) {
      text = textAt(texts, at, place);
      known.set(at, text);
    }
    return text;
  };
  const replaced = (part: string) => {
    const at = shortestPrefix(units, Buffer.from(part, 'utf8'));
    return at < 0 ? undefined : replacement(at);
  };
  const ascii = Array.from({ length: 128 }, (_, code) => {
    const character = String.fromCharCode(code);
    return replaced(character) ?? character;
  });
  const character = (one: string) => ascii[one.codePointAt(0)!] ?? replaced(one) ?? one;
  const characters = (text: string) => Array.from(text, character).join('');
  const grapheme = (text: string) =>
    (Buffer.byteLength(text) <= MOST_GRAPHEME_BYTES ? replaced(text) : undefined) ?? characters(text);
  return (text) =>
    text.replace(PARTS, (part, alone: string | undefined) => {
      if (alone !== undefined) return characters(part);
      return Array.from(graphemes.segment(part), ({ segment }) => grapheme(segment)).join('');
    });
}

/** What the trie has for the shortest key that the bytes begin with; -1: nothing. */
function shortestPrefix(units: Uint32Array, bytes: Uint8Array): number {
  let at = offsetOf(units[0]!);
  for (const byte of bytes) {
    at ^= byte;
    const unit = units[at];
    // The label, and the bit that a value has in its place.
    if (byte === 0 || unit === undefined || (unit & 0x8000_00ff) !== byte) return -1;
    at ^= offsetOf(unit);
    if ((unit & 0x100) !== 0) return (units[at] ?? 0x7fff_ffff) & 0x7fff_ffff;
  }
  return -1;
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

/** The text from a place up to the next zero byte. */
function textAt(texts: Uint8Array, at: number, place: ComponentPlace): string {
  const text = texts.subarray(at, at + MOST_TEXT_BYTES + 1);
  const end = text.indexOf(0);
  try {
    if (at < texts.length && (end >= 0 || text.length <= MOST_TEXT_BYTES)) {
      return UTF8.decode(end < 0 ? text : text.subarray(0, end));
    }
  } catch {
    // Said below.
  }
  throw invalid(
    place,
    `has a map without a text of at most ${MOST_TEXT_BYTES} bytes at ${at} of ${texts.length}`,
  );
}
