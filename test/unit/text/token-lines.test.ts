import { expect, test } from 'vitest';
import { tokenLines } from '../../../src/text/token-lines.ts';
import type { Tokenizer } from '../../../src/text/tokenizer.ts';

const pieces = ['<s>', 'int', ' f()', ' {', '\n', '\n    ', 'return', ' 0;\n', '}', ';\n\n  x', ''];
const tokenizer: Tokenizer = {
  vocabSize: pieces.length,
  special: { bos: 0 },
  fingerprint: 'pieces',
  encode: () => [],
  decode: (ids) => ids.map((id) => (id === 0 ? '' : pieces[id])).join(''),
};

test('a token stands on the line of its last visible character', () => {
  const ids = [0, 1, 2, 3, 5, 6, 7, 8, 4, 9, 1];
  expect([...tokenLines(tokenizer, ids, new Map())]).toEqual([-1, 0, 0, 0, 1, 1, 1, 2, 3, 5, 5]);
});

test('texts are asked for once', () => {
  const texts = new Map([[1, 'a\nb']]);
  expect([...tokenLines(tokenizer, [1, 1], texts)]).toEqual([1, 2]);
});
