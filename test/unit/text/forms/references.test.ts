/**
 * @file Tokenizers in every form that models are published in, against what their own libraries make of 500 texts that are
 * hard to cut (tools/tokenizer_fixtures.py makes both).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTokenizer } from '../../../../src/text/open-tokenizer.ts';
import { summaryOf } from './reference-ids.ts';

const ROOT = resolve(import.meta.dirname, '../../../fixtures/tokenizers');
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
const TEXTS = json('texts.json') as string[];
const NAMES = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

interface Expected {
  readonly model_type?: string;
  /** "count:hash" a text. */
  readonly ids: readonly string[];
  /** The first texts, in full. */
  readonly first: readonly (readonly number[])[];
  /** A long text as Transformers cuts it to twelve tokens. */
  readonly truncated?: readonly number[];
}

test('the texts are many, and hard', () => {
  expect(TEXTS).toHaveLength(500);
  expect(NAMES.length).toBeGreaterThan(8);
  expect(TEXTS.some((text) => /\u200D/u.test(text))).toBe(true);
});

describe.each(NAMES)('%s', (name) => {
  test('every text', async () => {
    const { model_type, ids, first } = json(name, 'expected.json') as Expected;
    const tokenizer = (await openTokenizer(join(ROOT, name), model_type))!;
    expect(first.map((_, i) => tokenizer.encode(TEXTS[i]!))).toEqual(first);
    const differing = TEXTS.filter((text, i) => summaryOf(tokenizer.encode(text)) !== ids[i]);
    expect(differing).toEqual([]);
    expect(ids).toHaveLength(TEXTS.length);
  });
});
