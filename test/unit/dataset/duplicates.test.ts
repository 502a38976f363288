/** @file Duplicates: what counts as equal, MinHash against the true Jaccard similarity, memory of many texts. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { bodyKey, ExactDuplicates } from '../../../src/dataset/duplicates/exact-duplicates.ts';
import { estimateSimilarity, SKETCH_BYTES, sketchText } from '../../../src/dataset/duplicates/min-hash.ts';
import { NearDuplicates } from '../../../src/dataset/duplicates/near-duplicates.ts';
import { normalisedCode } from '../../../src/dataset/duplicates/normalised-code.ts';
import { shingleHashes, shingleSimilarity } from '../../../src/dataset/duplicates/shingles.ts';

describe('normalised code', () => {
  test.each([
    ['java', 'int f() { // why\n  return 1; /* a\n b */ }', 'int f(){return 1;}'],
    ['java', 'String s = "// no comment";', 'String s="// no comment";'],
    ['java', "char c = '\"'; // x", "char c='\"';"],
    ['c', 'a = b /c; s = "\\"//"; // x', 'a=b/c;s="\\"//";'],
    ['python', 'def f(): # why\n    return 7 // 2', 'def f():return 7//2'],
    ['python', 'def f():\n    """a # b\n  c"""\n    x = 1', 'def f():"""a # b\n  c"""x=1'],
    ['javascript', 'f(`a // b\n c`) // d', 'f(`a // b\n c`)'],
    ['php', '$a = 1; # x\n$b = 2; // y', '$a=1;$b=2;'],
    ['rust', "fn f<'a>(x: &'a str) { g() }\n// x", "fn f<'a>(x: &'a str){g()}"],
    [undefined, 'async def f(self): # why\n  pass', 'async def f(self):pass'],
    [undefined, 'f(); // why', 'f();'],
    [undefined, 'a = "never closed\n// x\nb = 1', 'a="never closed b=1'],
  ])('%s: %j', (language, code, expected) => {
    expect(normalisedCode(code, language)).toBe(expected);
  });

  test('never throws; white space around and between words does not count', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.stringMatching(/^[a-z(){};=]{1,5}$/)), (any, words) => {
        expect(() => normalisedCode(any)).not.toThrow();
        expect(normalisedCode(`\n${words.join('  \n')} `)).toBe(normalisedCode(words.join(' ')));
      }),
    );
  });
});

test('exact duplicates: the first of equal texts stands for all', () => {
  const exact = new ExactDuplicates();
  expect(['a', 'b', 'a', 'c', 'b'].map((text) => exact.add(text))).toEqual([0, 1, 0, 3, 1]);
  expect([...exact.groups()]).toEqual([0, 1, 0, 3, 1]);
  expect(bodyKey('a')).toBe('ca978112ca1bbdcafac231b39a23dc4d');
});

/** A function-like text of `length` tokens. */
function randomText(seed: number, length: number): string {
  const random = randomStream(seed, 'text');
  return Array.from({ length }, () => `w${random.integer(400)}`).join(' ');
}

/** `text` with some tokens replaced. */
function edited(text: string, seed: number, edits: number): string {
  const random = randomStream(seed, 'edit');
  const words = text.split(' ');
  for (let i = 0; i < edits; i++) words[random.integer(words.length)] = `new${random.integer(1000)}`;
  return words.join(' ');
}

describe('shingles and sketches', () => {
  test('white space does not count, order does', () => {
    expect(shingleHashes('if (a == b) return;')).toEqual(shingleHashes('if(a\n==b )\treturn ;'));
    expect(shingleSimilarity('a b c d e', 'e d c b a')).toBe(0);
    expect(shingleSimilarity('a b c d', 'a b c d e')).toBeCloseTo(2 / 3, 12);
    expect(shingleSimilarity('ab', 'ab')).toBe(1);
    expect(shingleSimilarity('', ' ')).toBe(1);
    expect(shingleSimilarity('', 'a')).toBe(0);
  });

  test('the estimate stays within five standard deviations of the true Jaccard similarity', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 40 }),
        (seed, length, edits) => {
          const a = randomText(seed, length);
          const b = edited(a, seed, edits);
          const truth = shingleSimilarity(a, b);
          const estimate = estimateSimilarity(sketchText(a), sketchText(b));
          const deviation = Math.sqrt((truth * (1 - truth)) / SKETCH_BYTES);
          expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(5 * deviation + 0.06);
        },
      ),
    );
  });
});

describe('near duplicates', () => {
  /** 900 texts in 150 families, each member edited a little. */
  const texts = Array.from({ length: 900 }, (_, i) => {
    const family = i % 150;
    return edited(randomText(family, 20 + ((family * 7) % 200)), i, Math.floor(i / 150) * (family % 4));
  });
  const near = new NearDuplicates();
  for (const text of texts) near.add(text);
  const groups = near.groups();

  test('against brute force: finds what is clearly alike, joins nothing that is clearly not', () => {
    const joined = { found: 0, all: 0 };
    const apart = { joined: 0, all: 0 };
    // Groups are closed over chains: compare with the chains of clearly alike texts.
    for (let a = 0; a < texts.length; a++) {
      for (let b = a % 150; b < a; b += 150) {
        const truth = shingleSimilarity(texts[a]!, texts[b]!);
        const together = groups[a] === groups[b];
        if (truth >= 0.95) {
          joined.all++;
          if (together) joined.found++;
        }
      }
    }
    for (let a = 0; a < texts.length; a++) {
      for (let b = 0; b < a; b++) {
        if (a % 150 === b % 150) continue;
        apart.all++;
        if (groups[a] === groups[b]) apart.joined++;
      }
    }
    expect(joined.all).toBeGreaterThan(300);
    expect(joined.found / joined.all).toBeGreaterThan(0.98);
    expect(apart.all).toBeGreaterThan(300_000);
    expect(apart.joined).toBe(0);
  });

  test('every link of a group is a pair of at least nearly the threshold', () => {
    for (let a = 0; a < texts.length; a++) {
      if (groups[a] === a) continue;
      const best = Math.max(
        ...texts.flatMap((text, b) =>
          b !== a && groups[b] === groups[a] ? shingleSimilarity(text, texts[a]!) : [],
        ),
      );
      expect(best).toBeGreaterThan(0.8);
    }
  });

  test('the order of the texts does not matter; equal texts are always together', () => {
    const order = randomStream(3, 'order').shuffle(texts.map((_, i) => i));
    const shuffled = new NearDuplicates();
    for (const i of [...order, ...order]) shuffled.add(texts[i]!);
    const found = shuffled.groups();
    const partition = (groupOf: (i: number) => number) => {
      const members = new Map<number, number[]>();
      for (let i = 0; i < texts.length; i++) {
        members.set(groupOf(i), [...(members.get(groupOf(i)) ?? []), i]);
      }
      return [...members.values()].sort((a, b) => a[0]! - b[0]!);
    };
    const placeOf = new Map(order.map((i, place) => [i, place]));
    expect(partition((i) => found[placeOf.get(i)!]!)).toEqual(partition((i) => groups[i]!));
    for (let i = 0; i < texts.length; i++) expect(found[i + texts.length]).toBe(found[i]);
  });

  test('a threshold that the method cannot serve is refused', () => {
    expect(() => new NearDuplicates({ threshold: 0.2 })).toThrow('expected a number from 0.7 to 1');
  });
});
