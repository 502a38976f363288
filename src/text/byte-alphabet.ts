/**
 * @file GPT-2's way to write bytes as visible characters, in which byte-level vocabularies spell their tokens: printable
 * Latin-1 characters stand for themselves, the other bytes for U+0100 and up, in order.
 */

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/** [256] the character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

/** A text's UTF-8 bytes in that alphabet. */
export function spellBytes(text: string): string {
  let spelled = '';
  for (const byte of Buffer.from(text, 'utf8')) spelled += BYTE_CHARACTERS[byte]!;
  return spelled;
}
