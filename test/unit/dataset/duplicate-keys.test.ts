/** @file Keys that stand twice in one JSON object: found at the top level, wherever else the name stands. */
import { expect, test } from 'vitest';
import { duplicateKey } from '../../../src/dataset/duplicate-keys.ts';

test.each([
  ['{"target":1,"target":0}', 'target'],
  ['{"code":"a","x":{"y":["code"]},"code" : "b","target":1}', 'code'],
  [JSON.stringify({ code: '"target":1,"target":0 \\" "code"', target: 1 }), undefined],
  ['{"target":1,"nested":{"target":0},"list":["target","code"]}', undefined],
  ['{"code":"target","target":1,"set":"target"}', undefined],
  ['{"id":1,"id":2,"code":"x","target":1}', undefined],
])('%s: %s', (text, expected) => {
  expect(duplicateKey(text)).toBe(expected);
});
