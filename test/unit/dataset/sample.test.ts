/** @file Samples: the mix that was asked for, weaknesses alike, pairs together, the same whatever the order. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataCommand } from '../../../src/cli/commands/data/data.ts';
import type { DatasetRecord } from '../../../src/dataset/record.ts';
import {
  chooseSample,
  type SampleItem,
  type SampleOptions,
} from '../../../src/dataset/sampling/choose-sample.ts';
import { cliCase } from '../../support/cli-case.ts';

const options = (more: Partial<SampleOptions> = {}): SampleOptions => ({
  perCwe: false,
  keepPairs: false,
  ...more,
});
/** `positives` vulnerable ones with CWEs in turn, then others; ranks in no order. */
const items = (positives: number, negatives: number, cwes = 1): SampleItem[] =>
  Array.from({ length: positives + negatives }, (_, i) => ({
    rank: (i * 7919) % 10_007,
    target: i < positives ? 1 : 0,
    ...(i < positives ? { cwe: `CWE-${i % cwes}` } : {}),
  }));
const positivesOf = (list: readonly SampleItem[], chosen: readonly number[]) =>
  chosen.filter((at) => list[at]!.target === 1);

describe('chooseSample', () => {
  test.each<
    [string, readonly [number, number], Partial<SampleOptions>, readonly [positives: number, all: number]]
  >([
    ['a share and a count', [100, 900], { positives: 0.25, count: 200 }, [50, 200]],
    ['a share: all positives', [100, 900], { positives: 0.25 }, [100, 400]],
    ['a share: all negatives', [100, 90], { positives: 0.25 }, [30, 120]],
    ['a count: the mix as it is', [100, 900], { count: 50 }, [5, 50]],
    ['too few positives for the count', [10, 900], { positives: 0.5, count: 100 }, [10, 20]],
    ['negatives only', [10, 90], { positives: 0, count: 20 }, [0, 20]],
    ['positives only', [10, 90], { positives: 1 }, [10, 10]],
    ['everything', [10, 90], {}, [10, 100]],
  ])('%s', (_what, [positives, negatives], more, expected) => {
    const list = items(positives, negatives);
    const chosen = chooseSample(list, options(more));
    expect([positivesOf(list, chosen).length, chosen.length]).toEqual(expected);
    expect(new Set(chosen).size).toBe(chosen.length);
  });

  test('every CWE in equal numbers, a scarce one whole', () => {
    const list = items(300, 900, 3).map((item, i) =>
      i < 300 && i >= 6 && item.cwe === 'CWE-1' ? { ...item, cwe: 'CWE-0' } : item,
    );
    const chosen = positivesOf(
      list,
      chooseSample(list, options({ positives: 0.5, count: 100, perCwe: true })),
    );
    const counts = ['CWE-0', 'CWE-1', 'CWE-2'].map(
      (cwe) => chosen.filter((at) => list[at]!.cwe === cwe).length,
    );
    expect(counts).toEqual([24, 2, 24]);
  });

  test('pairs kept: every chosen vulnerable function with its fix, no fix alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('pair', 'positive', 'negative', 'negative', 'negative'), {
          minLength: 6,
          maxLength: 80,
        }),
        fc.double({ min: 0.1, max: 0.5, noNaN: true }),
        fc.option(fc.integer({ min: 4, max: 40 }), { nil: undefined }),
        (kinds, positives, count) => {
          const list = kinds.flatMap((kind, i): SampleItem[] => {
            const rank = (i * 7919) % 101;
            if (kind === 'pair') {
              return [
                { rank, target: 1, pair: `p${i}` },
                { rank: (rank * 31) % 101, target: 0, pair: `p${i}` },
              ];
            }
            return [{ rank, target: kind === 'positive' ? 1 : 0 }];
          });
          fc.pre(list.some(({ target }) => target === 1) && list.some(({ target }) => target === 0));
          const wanted = options({ positives, keepPairs: true, ...(count === undefined ? {} : { count }) });
          let chosen: number[];
          try {
            chosen = chooseSample(list, wanted);
          } catch (error) {
            expect((error as Error).message).toContain('not enough functions');
            return;
          }
          const pairs = chosen.flatMap((at) => list[at]!.pair ?? []);
          expect(pairs).toHaveLength(2 * new Set(pairs).size);
          expect(positivesOf(list, chosen)).toHaveLength(Math.round(chosen.length * positives));
        },
      ),
    );
  });

  test.each<[Partial<SampleOptions>, readonly [number, number], string]>([
    [{ positives: 0.6, keepPairs: true }, [5, 5], 'at most 0.5 with pairs kept'],
    [{ positives: 0.5 }, [0, 5], 'expected some of both'],
    [{ positives: 1.5 }, [5, 5], 'a number from 0 to 1'],
    [{ count: 0 }, [5, 5], 'an integer >= 1'],
  ])('%j is refused', (more, [positives, negatives], message) => {
    expect(() => chooseSample(items(positives, negatives), options(more))).toThrow(message);
  });
});

describe('data sample and data inspect', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vultune-sample-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...argv: string[]) => cliCase([dataCommand({} as never)], ['data', ...argv]);
  const record = (i: number): DatasetRecord => ({
    code: `f${i}() {}`,
    target: i % 10 === 0 ? 1 : 0,
    cwe: ['CWE-1'],
  });
  const text = (list: readonly DatasetRecord[]) => list.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const hundred = Array.from({ length: 100 }, (_, i) => record(i));
  const sampled = (name: string) =>
    readFileSync(join(folder, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as DatasetRecord);

  test('the mix, the same functions from a shuffled file, others with another seed', async () => {
    writeFileSync(join(folder, 'all.jsonl'), text(hundred));
    mkdirSync(join(folder, 'turned'));
    writeFileSync(join(folder, 'turned', 'all.jsonl'), text(hundred.toReversed()));
    const codes = async (input: string, out: string, ...more: string[]) => {
      const argv = [
        'sample',
        join(folder, input),
        '--positives',
        '0.25',
        '--out',
        join(folder, out),
        ...more,
      ];
      expect((await run(...argv)).exitCode).toBe(0);
      return sampled(out)
        .map(({ code }) => code)
        .toSorted();
    };
    const first = await codes('all.jsonl', 'a.jsonl');
    expect(first).toHaveLength(40);
    expect(sampled('a.jsonl').filter(({ target }) => target === 1)).toHaveLength(10);
    expect(await codes('turned/all.jsonl', 'b.jsonl')).toEqual(first);
    expect(await codes('all.jsonl', 'c.jsonl', '--seed', '5')).not.toEqual(first);
  });

  test('one part of a folder; of several parts each function says its own', async () => {
    mkdirSync(join(folder, 'parts'));
    writeFileSync(join(folder, 'parts', 'train.jsonl'), text(hundred.slice(0, 50)));
    writeFileSync(join(folder, 'parts', 'test.jsonl'), text(hundred.slice(50)));
    const parts = join(folder, 'parts');
    const one = await run('sample', parts, '--part', 'train', '--out', join(folder, 'one.jsonl'), '--json');
    expect(JSON.parse(one.stdout)).toMatchObject({ from: { functions: 50 }, chosen: { functions: 50 } });
    expect(sampled('one.jsonl').every((entry) => entry.split === undefined)).toBe(true);
    await run('sample', parts, '--count', '20', '--out', join(folder, 'both.jsonl'));
    expect(new Set(sampled('both.jsonl').map((entry) => entry.split))).toEqual(new Set(['train', 'test']));
    const missing = await run('sample', parts, '--part', 'dev', '--out', join(folder, 'no.jsonl'));
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain('no part "dev", found test, train');
  });

  test('inspect: format, counts, fields, first functions; nothing in a file moves the cursor', async () => {
    const bell = {
      code: 'void f() {\n\tputs("\u001b[2J\u0007");\n}',
      target: 1,
      note: 'a\u202eb\u001b]0;x',
      n: 3,
    };
    writeFileSync(join(folder, 'odd.jsonl'), `${JSON.stringify(bell)}\n{"code":"g()"}\n`);
    const result = await run('inspect', join(folder, 'odd.jsonl'), '--records', '1');
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain('2 functions, 1 without a label');
    expect(result.stdout).toMatch(/note +string +50% +1/);
    expect(result.stdout).toContain('odd.jsonl:1  vulnerable');
    expect(result.stdout).toContain('    puts("');
    expect(result.stdout).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
    const json = JSON.parse((await run('inspect', join(folder, 'odd.jsonl'), '--json')).stdout) as object;
    expect(json).toMatchObject({
      total: { functions: 2, vulnerable: 1, unlabelled: 1 },
      fields: [
        { name: 'code', present: 2, distinct: 2 },
        { name: 'target' },
        { name: 'note' },
        { name: 'n', types: ['number'] },
      ],
    });
  });
});
