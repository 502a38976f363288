/**
 * @file The table of studies that ask models for a yes or a no: how many answers are neither, then precision, recall and F1 of the
 * answers. An unclassified answer flags nothing: it counts as a no, and is counted.
 */
import type { PromptAnswer } from './prompt-answer.ts';

export interface AnswerTable {
  readonly functions: number;
  readonly vulnerable: number;
  readonly yes: number;
  readonly no: number;
  readonly unclassified: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** Undefined where nothing was answered with yes, or nothing is vulnerable. */
  readonly precision: number | undefined;
  readonly recall: number | undefined;
  readonly f1: number | undefined;
  /** Mean probability of what is neither, over answers whose first token was read, and how often that is more than half. */
  readonly outside: { readonly mean: number; readonly most: number; readonly answers: number } | undefined;
  readonly truncated: number;
}

/** @param targets [answers] 1: vulnerable */
export function answerTable(
  answers: readonly Pick<PromptAnswer, 'answer' | 'outside' | 'truncated'>[],
  targets: readonly number[],
): AnswerTable {
  const count = (of: (answer: (typeof answers)[number], row: number) => boolean) => answers.filter(of).length;
  const yes = count(({ answer }) => answer === 'yes');
  const truePositives = count(({ answer }, row) => answer === 'yes' && targets[row] === 1);
  const vulnerable = targets.filter((target) => target === 1).length;
  const outside = answers.flatMap((one) => (one.outside === undefined ? [] : [one.outside]));
  return {
    functions: answers.length,
    vulnerable,
    yes,
    no: count(({ answer }) => answer === 'no'),
    unclassified: count(({ answer }) => answer === 'unclassified'),
    truePositives,
    falsePositives: yes - truePositives,
    precision: yes === 0 ? undefined : truePositives / yes,
    recall: vulnerable === 0 ? undefined : truePositives / vulnerable,
    f1: yes + vulnerable === 0 ? undefined : (2 * truePositives) / (yes + vulnerable),
    outside:
      outside.length === 0
        ? undefined
        : {
            mean: outside.reduce((sum, one) => sum + one, 0) / outside.length,
            most: outside.filter((one) => one > 0.5).length,
            answers: outside.length,
          },
    truncated: count(({ truncated }) => truncated),
  };
}
