/** @file Answers: keywords in their texts, tokens that begin them, the table of what they say, and the file for a person's labels. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { answerTable } from '../../../src/prompting/answer-table.ts';
import { answerTokens, sideOfToken } from '../../../src/prompting/answer-words.ts';
import { classifyAnswer } from '../../../src/prompting/classify-answer.ts';
import { readPrompt } from '../../../src/prompting/prompt-file.ts';
import {
  readHandLabels,
  unclassifiedCsv,
  withHandLabels,
} from '../../../src/workflows/prompt/hand-labels.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-answers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { answers: WORDS } = readPrompt('pd-1');

describe('a text is', () => {
  test.each([
    ['Yes', 'yes'],
    ['  yes, because of the copy.', 'yes'],
    ['The code IS  VULNERABLE to overflow', 'yes'],
    ['**No**', 'no'],
    ['No.', 'no'],
    ['It is not vulnerable', 'no'],
    ['', 'unclassified'],
    ['I cannot tell', 'unclassified'],
    ['Yes and no', 'unclassified'],
    // Parts of words are none.
    ['Know your eyes: noël, nothing, yesterday', 'unclassified'],
    ['NO_CHECK is a flag', 'unclassified'],
  ] as const)('%j: %s', (text, expected) => {
    expect(classifyAnswer(text, WORDS)).toBe(expected);
  });

  test('by keywords with signs, which are taken literally', () => {
    const words = { yes: ['unsafe (c++)'], no: ['a.b'] };
    expect(classifyAnswer('this is unsafe (C++)', words)).toBe('yes');
    expect(classifyAnswer('axb', words)).toBe('unclassified');
    expect(classifyAnswer('A.B', words)).toBe('no');
  });
});

describe('tokens', () => {
  /** A vocabulary of words; a text without one is its characters. */
  const tokenizer = (vocabulary: readonly string[]) => ({
    encode: (text: string) => {
      const whole = vocabulary.indexOf(text);
      return whole >= 0 ? [whole] : Array.from(text, (one) => 1000 + one.charCodeAt(0));
    },
    decode: ([id = 0]: readonly number[]) => (id < 1000 ? vocabulary[id]! : String.fromCharCode(id - 1000)),
  });

  test('of whole words in every spelling are the answers', () => {
    const words = ['x', 'Yes', ' yes', 'YES', 'No', ' No', ' is'];
    expect(answerTokens(WORDS, tokenizer(words))).toEqual(
      [
        [1, 2, 3],
        [4, 5],
      ].map((ids) => expect.arrayContaining(ids)),
    );
    const [yes, no] = answerTokens(WORDS, tokenizer(words));
    expect([yes.length, no.length]).toEqual([3, 2]);
  });

  test('that begin both answers are left out; first characters stand where there are no words', () => {
    const [yes, no] = answerTokens(WORDS, tokenizer([]));
    expect(new Set(yes)).toEqual(new Set([1000 + 89, 1000 + 121]));
    expect(new Set(no)).toEqual(new Set([1000 + 78, 1000 + 110]));
  });

  test('that begin no answer alone are an error', () => {
    const words = { yes: ['safe'], no: ['sound'] };
    expect(() => answerTokens(words, tokenizer([]))).toThrow(
      expect.objectContaining({ code: 'PROMPT_ANSWER_TOKENS' }),
    );
  });

  test.each([
    [' Yes', 'yes'],
    ['no', 'no'],
    ['Not', undefined],
    [' ', undefined],
  ] as const)('as a server names them: %j', (token, side) => {
    expect(sideOfToken(token, WORDS)).toBe(side);
  });
});

test('the table counts unclassified answers, which flag nothing', () => {
  const said = ['yes', 'yes', 'no', 'unclassified', 'unclassified'] as const;
  const table = answerTable(
    said.map((answer, i) => ({ answer, truncated: i === 0, ...(i < 2 ? { outside: 0.25 + i / 2 } : {}) })),
    [1, 0, 1, 1, 0],
  );
  expect(table).toMatchObject({ functions: 5, vulnerable: 3, yes: 2, no: 1, unclassified: 2, truncated: 1 });
  expect(table).toMatchObject({ precision: 1 / 2, recall: 1 / 3, f1: 2 / 5 });
  expect(table.outside).toEqual({ mean: 0.5, most: 1, answers: 2 });
});

test('without a yes there is no precision', () => {
  const table = answerTable([{ answer: 'no', truncated: false }], [1]);
  expect(table).toMatchObject({ precision: undefined, recall: 0, f1: 0, outside: undefined });
});

describe('labels of a person', () => {
  const records = ['a();', 'b();', 'c();'].map((code, i) => ({ code, target: 1 as const, id: `f${i}` }));
  const answers = [
    { answer: 'unclassified', score: 0.5, text: '=cmd(), "well"\nhm', truncated: false },
    { answer: 'yes', score: 1, text: 'Yes', truncated: false },
    { answer: 'unclassified', score: 0.5, text: '', truncated: false },
  ] as const;

  test('are read out of the file that has the unclassified answers', async () => {
    const text = unclassifiedCsv(records, answers);
    expect(text).toContain('f0');
    expect(text).not.toContain('f1');
    // A spreadsheet would run it.
    expect(text).toContain('"\'=cmd()');
    const file = join(folder, 'unclassified.csv');
    writeFileSync(file, text.replace(/,\n(?=3)/, ',Yes\n'));
    const labels = await readHandLabels(file);
    expect(labels.size).toBe(1);
    const labelled = withHandLabels(records, answers, labels);
    expect(labelled.map(({ answer, score }) => [answer, score])).toEqual([
      ['yes', 1],
      ['yes', 1],
      ['unclassified', 0.5],
    ]);
  });

  test('that are neither yes nor no are refused, with their line', async () => {
    const file = join(folder, 'maybe.csv');
    writeFileSync(file, `${unclassifiedCsv(records, answers).trimEnd()}maybe\n`);
    await expect(readHandLabels(file)).rejects.toMatchObject({
      code: 'PROMPT_LABELS',
      message: expect.stringMatching(/"maybe", expected yes or no/),
      where: { file, line: 4 },
    });
    writeFileSync(file, 'a,b\n1,2\n');
    await expect(readHandLabels(file)).rejects.toMatchObject({ code: 'PROMPT_LABELS' });
    await expect(readHandLabels(join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'PROMPT_LABELS' });
  });
});
