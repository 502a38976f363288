/** @file What an adapter was trained to do, of its header and its model: how it reads functions, and what judges them. */
import type { AdapterHeader } from '../adapters/files/adapter-files.ts';
import { resolvePooling } from '../heads/classifier.ts';
import type { Pooling } from '../model/spec.ts';
import { classifierReader, type FunctionReader, questionReader } from '../network/function-reader.ts';
import type { OpenModel } from '../network/open-model.ts';
import { answerJudgement } from '../tasks/answer.ts';
import { classifierJudgement } from '../tasks/classify.ts';
import type { Judgement } from '../tasks/task.ts';
import { type Question, readQuestion } from '../text/question.ts';

export interface AdapterTask {
  /** What the head reads; `last` where the language model answers. */
  readonly pooling: Pooling;
  readonly reader: FunctionReader;
  /** What the language model is asked; undefined for a classifier. */
  readonly question: Question | undefined;
  /** With logits of so many CWEs behind the two; a language model that answers has none. */
  readonly judgement: (cweClasses: number) => Judgement;
}

/** Throws POOLING_UNSUPPORTED, NEXT_TOKEN_UNSUPPORTED, and what readQuestion throws. */
export function adapterTask({ settings }: AdapterHeader, model: OpenModel): AdapterTask {
  const { spec, tokenizer } = model;
  if (settings?.question !== undefined) {
    const question = readQuestion(settings.question, tokenizer);
    return {
      pooling: 'last',
      reader: questionReader(model, question),
      question,
      judgement: () => answerJudgement(spec, question),
    };
  }
  // An adapter of another tool is one of Transformers' classifiers, which pool as the family has it.
  const pooling = resolvePooling(spec, settings?.pooling);
  return {
    pooling,
    reader: classifierReader(model, pooling),
    question: undefined,
    judgement: (cweClasses) => classifierJudgement(spec, pooling, cweClasses, settings?.topMlpLayers),
  };
}
