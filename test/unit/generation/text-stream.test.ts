/** @file Text as it comes: characters cut into bytes, stop strings cut into tokens, the space before a first word. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextStream } from '../../../src/generation/text-stream.ts';

/** Ids are bytes. */
const bytes = { decode: (ids: readonly number[]) => Buffer.from(ids).toString('utf8') };

function streamed(text: string, stop: readonly string[]): { pieces: string[]; isStopped: boolean } {
  const stream = new TextStream(bytes, [...Buffer.from('prompt ')], stop);
  const pieces: string[] = [];
  for (const byte of Buffer.from(text)) {
    const { text: piece, isStopped } = stream.push(byte);
    pieces.push(piece);
    if (isStopped) return { pieces, isStopped };
  }
  pieces.push(stream.end());
  return { pieces, isStopped: false };
}

test('a character is given when its last byte is there', () => {
  expect(streamed('aé漢', []).pieces).toEqual(['a', '', 'é', '', '', '漢', '']);
});

test('what may become a stop string is held back, and given when it does not', () => {
  expect(streamed('x END', ['END!']).pieces).toEqual(['x', ' ', '', '', '', 'END']);
  expect(streamed('ENENDx', ['END']).pieces.join('')).toBe('EN');
});

test('the first of several stop strings ends the text, in any cut', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', '\n'), maxLength: 30 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(text, stops, (whole, stop) => {
      const { pieces, isStopped } = streamed(whole, stop);
      // The stop string that is complete first; of those that end together the one that begins first.
      const ends = stop.flatMap((one) => {
        const at = whole.indexOf(one);
        return at < 0 ? [] : [{ at, end: at + one.length }];
      });
      const first = ends.toSorted((a, b) => a.end - b.end || a.at - b.at)[0];
      expect(isStopped).toBe(first !== undefined);
      expect(pieces.join('')).toBe(whole.slice(0, first?.at ?? whole.length));
    }),
  );
});

test('a decoder that takes the space of its first token leaves that of the answer', () => {
  const words = ['▁Is', '▁it', '▁safe', '?', '▁No', '▁.'];
  const decoder = {
    decode: (ids: readonly number[]) =>
      ids
        .map((id) => words[id])
        .join('')
        .replaceAll('▁', ' ')
        .replace(/^ /, ''),
  };
  const stream = new TextStream(decoder, [0, 1, 2, 3], []);
  expect([stream.push(4).text, stream.push(5).text]).toEqual([' No', ' .']);
});
