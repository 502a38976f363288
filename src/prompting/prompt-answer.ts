/** @file What a prompted model said of one function, and whoever can be asked. The interfaces alone. */
import type { JudgeOptions } from '../judging/judge.ts';
import type { AnswerClass } from './classify-answer.ts';

export interface PromptAnswer {
  readonly answer: AnswerClass;
  /** Odds of yes (vulnerable) against no as a probability; of a text alone 1, 0, or 0.5 where it is unclassified. */
  readonly score: number;
  /** Probability of every other first token; undefined where the model gave a text alone. */
  readonly outside?: number | undefined;
  /** What was said; undefined where only probabilities were read. */
  readonly text?: string | undefined;
  /** Whether the function was cut so that the prompt fits. */
  readonly truncated: boolean;
}

export interface PromptReading {
  /** Tokens of prompt and function together. */
  readonly maxLength: number;
  /** [lines] 0-based, the lines that are read and not blank. */
  linesRead(code: string): Promise<Int32Array>;
}

/** A model behind a prompt: one on this machine, or a server. */
export interface Prompter {
  /** Answers about functions in the order given; none is left out. */
  ask(codes: readonly string[], options?: JudgeOptions): Promise<PromptAnswer[]>;
  /** What is read of a function; undefined where the answers are not odds, which a line would move, or are given elsewhere. */
  readonly reading?: PromptReading | undefined;
  close(): Promise<void>;
}

/**
 * From this score on a function is flagged: just above 0.5, which is the score of an answer that says neither yes nor no.
 */
export const PROMPT_THRESHOLD = 0.5 + 2 ** -20;
