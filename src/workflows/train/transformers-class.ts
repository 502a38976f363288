/** @file What Transformers' class of a model does by itself: for the model card, and for training with PyTorch. */
import type { Model } from '../../model/spec.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { CardHead, OwnClass } from '../../report/card-usage.ts';

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
  const layersKey = spec.family === 'chatglm' ? 'num_layers' : 'num_hidden_layers';
  return { runsPublishedCode: checkpoint.config.auto_map !== undefined, layersKey };
}
