/** @file Which shard owns what, and which files are read as parts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OwnShare } from '../../../src/shards/own-share.ts';
import { formatShard, ownsKey, ownsTurn, parseShard } from '../../../src/shards/shard.ts';
import { readShard, ShardWriter } from '../../../src/shards/shard-file.ts';
import { readShards } from '../../../src/shards/shard-set.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-part-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const STARTED = new Date('2026-11-28T12:00:00.000Z');

function part(
  name: string,
  index = 1,
  count = 1,
  identity: Readonly<Record<string, string>> = { a: '1' },
): string {
  const path = join(folder, name);
  const writer = new ShardWriter(path, {
    kind: 'scan',
    shard: { index, count },
    identity,
    startedAt: STARTED,
  });
  writer.add({ key: 'x' });
  writer.add('é');
  writer.commit('digest');
  return path;
}

describe('shards', () => {
  test('of a whole job a shard expects an equal share, until it is known what is its own', () => {
    const share = new OwnShare({ count: 4 });
    expect(share.ownOf(100)).toBe(25);
    share.divide(40, 16);
    expect([share.own, share.ownOf(100)]).toEqual([16, 31]);
    share.divide(60, 0);
    expect(share.ownOf(100)).toBe(16);
    // A job that turns out larger than was expected.
    expect(share.ownOf(90)).toBe(16);
  });

  test('every key belongs to exactly one shard', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (key, count) => {
        const shards = Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
        expect(shards.filter((shard) => ownsKey(shard, key))).toHaveLength(1);
      }),
    );
  });

  test('keys are spread over the shards, the same way on every machine', () => {
    const owned = [1, 2, 3, 4].map(
      (index) =>
        Array.from({ length: 1000 }, (_, i) => `key ${i}`).filter((key) => ownsKey({ index, count: 4 }, key))
          .length,
    );
    expect(owned).toEqual([234, 239, 258, 269]);
  });

  test('pieces of work are dealt out in turn: no shard has two more than another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 }), (pieces, count) => {
        const owned = Array.from({ length: count }, (_, i) =>
          Array.from({ length: pieces }, (_, turn) => turn).filter((turn) =>
            ownsTurn({ index: i + 1, count }, turn),
          ),
        );
        expect(owned.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: pieces }, (_, turn) => turn));
        const sizes = owned.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('a shard is written as it is read, and what is not one is refused', () => {
    expect(parseShard(' 2/4 ')).toEqual({ index: 2, count: 4 });
    expect(formatShard({ index: 2, count: 4 })).toBe('2/4');
    for (const text of ['0/4', '5/4', '1/0', '1', '1/1001', '-1/4', '1.5/4', '']) {
      expect(parseShard(text), text).toBeUndefined();
    }
  });
});

describe('parts', () => {
  test('a part reads as it was written', () => {
    const read = readShard(part('whole'));
    expect(read).toMatchObject({
      kind: 'scan',
      shard: { index: 1, count: 1 },
      identity: { a: '1' },
      startedAt: STARTED,
      inputs: 'digest',
      items: ['{"key":"x"}', '"é"'],
    });
  });

  test('a part that lacks any of its bytes, or has another one, is refused with its name', () => {
    const text = readFileSync(part('before'), 'utf8');
    const path = join(folder, 'after');
    for (const isCut of [true, false]) {
      for (let at = 0; at < text.length; at++) {
        const other = text[at] === 'x' ? 'y' : 'x';
        writeFileSync(path, isCut ? text.slice(0, at) : `${text.slice(0, at)}${other}${text.slice(at + 1)}`);
        expect(() => readShard(path)).toThrow(
          expect.objectContaining({ code: 'SHARD_BROKEN', where: expect.objectContaining({ file: path }) }),
        );
      }
    }
  });

  test('parts come in the order of their shards, of one job alone', () => {
    const [one, two] = [part('one', 1, 2), part('two', 2, 2)];
    const set = readShards([two, one], { kind: 'scan', identity: { a: '1' } });
    expect(set.map(({ shard }) => shard.index)).toEqual([1, 2]);
    const refuse = (...paths: string[]) => {
      try {
        readShards(paths, { kind: 'scan' });
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(refuse(one, part('of-three', 2, 3))).toBe(
      `${one} is shard 1/2 and ${join(folder, 'of-three')} is shard 2/3`,
    );
    expect(refuse(one, part('other', 2, 2, { a: '2' }))).toBe(
      `${join(folder, 'other')} and ${one} differ in a: 2 and 1`,
    );
    expect(refuse(one, part('fewer', 2, 2, {}))).toContain('differ in a: nothing and 1');
    expect(refuse(part('lonely', 1, 30))).toMatch(
      /^parts are missing: --shard 2\/30, .*, 21\/30, and 9 more$/,
    );
    expect(refuse()).toBe('no part is given');
    expect(() => readShards([one], { kind: 'predict' })).toThrow('is a part of `vultune scan`');
  });
});
