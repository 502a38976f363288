/**
 * @file A language model that answers whether a function is vulnerable: trained on the next token, judged by how likely the first
 * tokens of the two answers are behind the question.
 */
import { answerTokens } from '../heads/answer-tokens.ts';
import type { Model } from '../model/spec.ts';
import { type NextTokens, nextToken } from '../objectives/next-token.ts';
import type { Question } from '../text/question.ts';
import { MARGIN, softmaxOfTwo } from './classify.ts';
import type { Judgement, Task } from './task.ts';

/** P(yes) / (P(yes) + P(no)): the softmax over the vocabulary, of the two answers' first tokens alone. */
export function answerJudgement(model: Model, { answers: [safe, vulnerable] }: Question): Judgement {
  return {
    head: answerTokens(model, [safe[0]!, vulnerable[0]!]),
    scores: ({ data }) => softmaxOfTwo(data, 2),
    evidence: MARGIN,
  };
}

export interface AnswerOptions {
  readonly question: Question;
  /** Which tokens are learnt: every one but the first, or those of the answer. */
  readonly lossOn: 'all' | 'answer';
}

/** Throws NEXT_TOKEN_UNSUPPORTED for an encoder. */
export function answer(model: Model, { question, lossOn }: AnswerOptions): Task<NextTokens> {
  return {
    ...answerJudgement(model, question),
    name: `answer, loss on ${lossOn}`,
    objective: nextToken(model),
    example: (asked, { target }) => {
      const whole = [...asked, ...question.answers[target]];
      return {
        // Nothing follows the last token, so nothing is computed for it.
        ids: whole.slice(0, -1),
        target: { label: target, next: whole.slice(1), from: lossOn === 'all' ? 0 : asked.length - 1 },
      };
    },
  };
}
