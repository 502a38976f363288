/** @file How a training reads functions: as its classifier does, or inside what the language model is asked. */
import type { TrainConfig, UnresolvedConfig } from '../../config/train-config.ts';
import { resolvePooling } from '../../heads/classifier.ts';
import { requireNextTokens } from '../../heads/language-model.ts';
import type { Pooling } from '../../model/spec.ts';
import { classifierReader, type FunctionReader, questionReader } from '../../network/function-reader.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { type Question, readQuestion, type StoredQuestion } from '../../text/question.ts';

export interface PlannedReading {
  readonly reader: FunctionReader;
  /** As the configuration says, or as the model's family has it; `last` where the language model answers. */
  readonly pooling: Pooling;
  /** Undefined for a classifier. */
  readonly asked: { readonly stored: StoredQuestion; readonly question: Question } | undefined;
}

type ReadModel = Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>;

const DEFAULT_WORDS = [' NO', ' YES'] as const;

/** What the language model is asked; undefined for a classifier. Throws NEXT_TOKEN_UNSUPPORTED for an encoder. */
export async function configuredQuestion(
  { task, label_words }: Pick<UnresolvedConfig, 'task' | 'label_words'>,
  { spec }: ReadModel,
): Promise<StoredQuestion | undefined> {
  if (task === 'classify') return undefined;
  requireNextTokens(spec);
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
