/** @file Logits of each token over the whole vocabulary, [N, V], as an encoder was trained to fill in masked tokens. */
import { invariant } from '../base/errors.ts';
import type { Model } from '../model/spec.ts';
import type { Head, HeadParameter } from './head.ts';
import { headLayer } from './head-layer.ts';

export function maskedLanguageModel({ hiddenSize, vocabularySize, heads, family }: Model): Head {
  const { encoder, languageModel, languageModelBias } = heads;
  invariant(encoder !== undefined && languageModelBias !== undefined, `${family} fills in no masked tokens`);
  const layer = headLayer(encoder.maskedLanguageModel, undefined);
  const matrix: HeadParameter = {
    name: languageModel,
    shape: [vocabularySize, hiddenSize],
    first: undefined,
  };
  const bias: HeadParameter = { name: languageModelBias, shape: [vocabularySize], first: undefined };
  return {
    id: 'masked language model',
    reads: 'every',
    parameters: [...layer.parameters, matrix, bias],
    matrices: layer.matrices,
    logits: (context, hidden) => {
      const { builder: b, parameter } = context;
      const y = layer.apply(context, hidden); // [N, D]
      return b.add(b.matmul(y, parameter(matrix), { transposeB: true }), parameter(bias));
    },
    feeds: () => ({}),
  };
}
