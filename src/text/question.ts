/**
 * @file What a language model is asked about a function, as tokens: what stands before and behind its code, and the tokens of the two
 * answers. Only the code is ever cut to fit.
 */
import { VultuneError } from '../base/errors.ts';
import type { Tokenizer } from './tokenizer.ts';

/** As an adapter keeps it: texts. */
export interface StoredQuestion {
  /** `next_token`: the word stands right behind the code. `instruct`: texts are those of the model's chat template. */
  readonly task: 'next_token' | 'instruct';
  /** Without the special tokens that the tokenizer puts before a text for `next_token`. */
  readonly before: string;
  readonly after: string;
  /** The words for [safe, vulnerable]; under `instruct` each includes what ends the assistant's turn. */
  readonly answers: readonly [string, string];
}

/** The same in token ids. */
export interface Question {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The answers for [safe, vulnerable], up to the token that ends each; their first tokens differ. */
  readonly answers: readonly [readonly number[], readonly number[]];
}

/** Tokens of a sequence that are not the code's: of the question, and of its longer answer. */
export const questionTokens = ({ before, after, answers }: Question): number =>
  before.length + after.length + Math.max(...answers.map(({ length }) => length));

/**
 * @throws VultuneError LABEL_WORD_TOKENS for a word of `next_token` that is not one token, LABEL_WORDS_ALIKE for answers that begin with
 * the same token, TOKENIZER_NO_END for a tokenizer without an end-of-text token
 */
export function readQuestion(stored: StoredQuestion, tokenizer: Tokenizer): Question {
  return stored.task === 'next_token' ? wordQuestion(stored, tokenizer) : chatQuestion(stored, tokenizer);
}

const encode = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text, { addSpecialTokens: false });

function wordQuestion({ answers }: StoredQuestion, tokenizer: Tokenizer): Question {
  const { eos } = tokenizer.special;
  if (eos === undefined) {
    throw new VultuneError('TOKENIZER_NO_END', 'the tokenizer has no end-of-text token (eos_token)', {
      where: { name: 'task' },
      hint: 'task: next_token teaches code, answer and end of text: name the token in tokenizer_config.json, or use task: classify.',
    });
  }
  const words = answers.map((word) => soleToken(word, tokenizer));
  const [safe, vulnerable] = words as [number, number];
  requireDifferent(safe, vulnerable, answers, 'label_words');
  return {
    before: tokensBefore(tokenizer),
    after: [],
    answers: [
      [safe, eos],
      [vulnerable, eos],
    ],
  };
}

/** What the tokenizer puts before every text. */
function tokensBefore(tokenizer: Tokenizer): readonly number[] {
  const text = encode(tokenizer, 'x');
  const whole = tokenizer.encode('x');
  const at = whole.findIndex((_, from) => text.every((id, i) => whole[from + i] === id));
  return whole.slice(0, Math.max(0, at));
}

/** Tried for the hint of an error, in this order. */
const USUAL_WORDS = [' YES', 'YES', ' Yes', 'Yes', ' yes', 'yes', ' NO', 'NO', ' No', 'No', ' no', 'no'];

function soleToken(word: string, tokenizer: Tokenizer): number {
  const ids = encode(tokenizer, word);
  if (ids.length === 1) return ids[0]!;
  const parts = ids.map((id) => `${JSON.stringify(tokenizer.decode([id]))} (${id})`).join(', ');
  const sole = USUAL_WORDS.filter((one) => encode(tokenizer, one).length === 1);
  throw new VultuneError(
    'LABEL_WORD_TOKENS',
    `the label word ${JSON.stringify(word)} is ${ids.length} tokens of this model, expected one: ${parts || 'none'}`,
    {
      where: { name: 'label_words' },
      hint:
        sole.length === 0
          ? 'Give two words that are one token each, as label_words: ["N", "Y"].'
          : `One token each: ${sole.map((one) => JSON.stringify(one)).join(', ')}.`,
    },
  );
}

function chatQuestion({ before, after, answers }: StoredQuestion, tokenizer: Tokenizer): Question {
  const [safe, vulnerable] = answers.map((answer) => encode(tokenizer, answer)) as [number[], number[]];
  // A template may put something before every answer, and both answers may begin alike: that much is asked, not answered.
  let common = 0;
  while (common < Math.min(safe.length, vulnerable.length) && safe[common] === vulnerable[common]) common++;
  if (common === Math.min(safe.length, vulnerable.length)) {
    requireDifferent(0, 0, answers, 'prompt');
  }
  return {
    before: encode(tokenizer, before),
    after: [...encode(tokenizer, after), ...safe.slice(0, common)],
    answers: [safe.slice(common), vulnerable.slice(common)],
  };
}

function requireDifferent(
  safe: number,
  vulnerable: number,
  answers: readonly [string, string],
  name: 'label_words' | 'prompt',
): void {
  if (safe !== vulnerable) return;
  const [no, yes] = answers.map((one) => JSON.stringify(one)) as [string, string];
  throw new VultuneError(
    'LABEL_WORDS_ALIKE',
    `the answers ${no} and ${yes} do not differ in a token that one could be told from the other by`,
    { where: { name }, hint: 'Give two answers of which neither begins with the other.' },
  );
}
