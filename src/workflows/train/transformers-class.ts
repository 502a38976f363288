/** @file What Transformers' class of a model does by itself: for the model card, and for training with PyTorch. */
import type { Model } from '../../model/spec.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { CardQuestion } from '../../report/card-question.ts';
import type { CardHead, OwnClass } from '../../report/card-usage.ts';
import type { PlannedReading } from './reading.ts';

export function cardHead({ heads }: Model, topLayers: number): CardHead {
  const { encoder, classifier } = heads;
  return {
    token: encoder === undefined ? 'last' : 'first',
    module: classifier,
    takesTokens: encoder !== undefined && encoder.classes !== classifier,
    isToldPooling: encoder?.poolsAsConfigured === true,
    ...(topLayers === 0
      ? {}
      : {
          top: {
            count: topLayers,
            module: encoder?.classes ?? classifier,
            bias: encoder !== undefined,
          },
        }),
  };
}

export function ownClass({ spec, checkpoint }: OpenModel): OwnClass | undefined {
  if (spec.heads.lacksClassifier !== true) return undefined;
  return { runsPublishedCode: checkpoint.config.auto_map !== undefined, layersKey: layersKey(spec) };
}

/** What the lines of Python must know of what the language model is asked; undefined where it is asked nothing. */
export function cardQuestion(
  { reader, asked }: Pick<PlannedReading, 'reader' | 'asked'>,
  { spec, checkpoint }: OpenModel,
): CardQuestion | undefined {
  if (asked === undefined) return undefined;
  const { stored, question } = asked;
  const [safe, vulnerable] = question.answers;
  return {
    before: question.before,
    after: question.after,
    answers: [
      { token: safe[0]!, text: stored.answers[0] },
      { token: vulnerable[0]!, text: stored.answers[1] },
    ],
    askedTokens: reader.askedTokens,
    runsPublishedCode: checkpoint.config.auto_map !== undefined && spec.heads.lacksClassifier === true,
    layersKey: layersKey(spec),
  };
}

/** The key of config.json that counts blocks. */
const layersKey = ({ family }: Model) => (family === 'chatglm' ? 'num_layers' : 'num_hidden_layers');
