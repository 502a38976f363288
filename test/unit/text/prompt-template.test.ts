/** @file Prompts: what is refused, what the shipped ones ask, and that a function goes into one as it is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPrompt, shippedPrompts } from '../../../src/prompting/prompt-file.ts';
import { fillPrompt, parsePromptTemplate, plainPrompt } from '../../../src/text/chat/prompt-template.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-prompts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ANSWERS = { yes: ['yes'], no: ['no'] };
const own = { id: 'own', user: 'Look: {code} Well?', answers: ANSWERS };

describe('a prompt is refused', () => {
  test.each([
    ['without {code}', { ...own, user: 'Is it?' }, /nowhere, expected it once/],
    ['with {code} twice', { ...own, user: '{code} and {code}' }, /2 times, expected it once/],
    ['with {code} in system', { ...own, system: 'See {code}' }, /"system" has \{code\}/],
    [
      'with a keyword of both sides',
      { ...own, answers: { yes: ['Maybe'], no: ['maybe'] } },
      /both yes and no/,
    ],
    ['without answers', { ...own, answers: { yes: [], no: ['no'] } }, /answers\.yes/],
    ['with a field that it does not have', { ...own, usr: 'x' }, /unknown field "usr"/],
    ['with an id that is a path', { ...own, id: '../x' }, /"id"/],
    ['that is text', 'Is it?', /the value is/],
  ])('%s', (_, value, message) => {
    expect(() => parsePromptTemplate(value, 'own.yaml')).toThrow(
      expect.objectContaining({ code: 'PROMPT_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('that is not YAML, or not there', () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, 'id: [');
    expect(() => readPrompt(file)).toThrow(expect.objectContaining({ code: 'PROMPT_INVALID' }));
    expect(() => readPrompt('pd-9')).toThrow(
      expect.objectContaining({ code: 'PROMPT_UNKNOWN', hint: expect.stringContaining('pd-1, pd-2') }),
    );
  });
});

test('the shipped prompts are those of the paper, with where they are from', () => {
  expect(shippedPrompts()).toEqual(['pd-1', 'pd-2']);
  expect(fillPrompt(readPrompt('pd-1'), 'f')[0]!.content).toBe(
    'Is this code vulnerable? Answer in only Yes or No.\n\nf\n',
  );
  expect(fillPrompt(readPrompt('pd-2'), 'f')[0]!.content).toBe(
    'I want you to act as a vulnerability detection system. Is the following function buggy? Please answer Yes or No.\n\nf\n',
  );
  for (const id of shippedPrompts())
    expect(readPrompt(id)).toMatchObject({ id, source: expect.stringMatching(/20\d\d/) });
});

test('a function goes in as it is, whatever it holds', () => {
  const code = "$& $1 {code} {{ messages }} \\n $'";
  expect(fillPrompt({ ...own, system: 'S' }, code)).toEqual([
    { role: 'system', content: 'S' },
    { role: 'user', content: `Look: ${code} Well?` },
  ]);
});

test('without a chat template the prompt is text that an answer follows', () => {
  expect(plainPrompt(fillPrompt({ ...own, system: 'S' }, 'f'))).toBe('S\n\nLook: f Well?\n\nAnswer:');
});
