/** @file How a training reads functions: as its classifier does, or inside what the language model is asked. */
import type { TrainConfig, UnresolvedConfig } from '../../config/train-config.ts';
import { resolvePooling } from '../../heads/classifier.ts';
import { requireNextTokens } from '../../heads/language-model.ts';
import type { Pooling } from '../../model/spec.ts';
import { classifierReader, type FunctionReader, questionReader } from '../../network/function-reader.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { type Question, readQuestion, type StoredQuestion } from '../../text/question.ts';
import { chatQuestion } from './chat-question.ts';

/** More functions a step taught the models of inovex's experiments to call almost nothing vulnerable. */
const MOST_INSTRUCTED = 4;

/** What a task asks of other keys and does not get; undefined where there is nothing to say. */
export function taskWarning({
  task,
  functions_per_step: count,
}: Pick<UnresolvedConfig, 'task' | 'functions_per_step'>): string | undefined {
  if (task !== 'instruct' || count === null || count <= MOST_INSTRUCTED) return undefined;
  return `functions_per_step is ${count}: with instruction tuning, steps of more than ${MOST_INSTRUCTED} functions have been found to teach that nothing is vulnerable; functions_per_step: 4 or less, and positive_share: 0.25, are worth a try`;
}

export interface PlannedReading {
  readonly reader: FunctionReader;
  /** As the configuration says, or as the model's family has it; `last` where the language model answers. */
  readonly pooling: Pooling;
  /** Undefined for a classifier. */
  readonly asked: { readonly stored: StoredQuestion; readonly question: Question } | undefined;
}

type ReadModel = Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>;

const DEFAULT_WORDS = [' NO', ' YES'] as const;

/** What the language model is asked; undefined for a classifier. Throws NEXT_TOKEN_UNSUPPORTED for an encoder, and as chatQuestion. */
export async function configuredQuestion(
  config: Pick<UnresolvedConfig, 'task' | 'label_words' | 'prompt' | 'chat_template'>,
  model: OpenModel,
): Promise<StoredQuestion | undefined> {
  const { task, label_words } = config;
  if (task === 'classify') return undefined;
  requireNextTokens(model.spec);
  if (task === 'instruct') return await chatQuestion(config, model);
  return { task, before: '', after: '', answers: [...(label_words ?? DEFAULT_WORDS)] };
}

/** Throws POOLING_UNSUPPORTED, and what readQuestion throws. */
export function planReading(
  { pooling: asked }: Pick<TrainConfig, 'pooling'>,
  model: ReadModel,
  stored: StoredQuestion | undefined,
): PlannedReading {
  if (stored === undefined) {
    const pooling = resolvePooling(model.spec, asked ?? undefined);
    return { reader: classifierReader(model, pooling), pooling, asked: undefined };
  }
  const question = readQuestion(stored, model.tokenizer);
  return { reader: questionReader(model, question), pooling: 'last', asked: { stored, question } };
}
