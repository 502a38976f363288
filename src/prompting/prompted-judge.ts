/** @file A model behind a prompt as a judge: scan, prediction and evaluation ask it as they ask a fine-tuned one. */
import type { Judge, Judgements, JudgeOptions } from '../judging/judge.ts';
import type { Prompter } from './prompt-answer.ts';

export interface PromptedJudgements extends Judgements {
  /** [functions] the scores: a prompted model has no calibration. */
  readonly rawScores: Float64Array;
}

export class PromptedJudge implements Judge {
  readonly threshold: number;
  readonly #prompter: Prompter;

  constructor(prompter: Prompter, threshold: number) {
    this.threshold = threshold;
    this.#prompter = prompter;
  }

  async judge(codes: readonly string[], options: JudgeOptions = {}): Promise<PromptedJudgements> {
    const answers = await this.#prompter.ask(codes, options);
    const scores = Float64Array.from(answers, ({ score }) => score);
    return { scores, rawScores: scores, truncated: answers.map(({ truncated }) => truncated) };
  }

  async close(): Promise<void> {
    await this.#prompter.close();
  }
}
