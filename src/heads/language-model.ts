/** @file Logits of the next token over the whole vocabulary: [N, V] of every token, or [B, V] of each function's last. */
import { VultuneError } from '../base/errors.ts';
import { isCausal } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';
import type { Head, HeadParameter } from './head.ts';

/** Throws NEXT_TOKEN_UNSUPPORTED for an encoder, whose tokens have seen the next one. */
export function requireNextTokens(model: Model): void {
  if (isCausal(model)) return;
  throw new VultuneError('NEXT_TOKEN_UNSUPPORTED', `a ${model.family} model predicts no next token`, {
    where: { name: 'base_model' },
    hint: 'Encoders see a text whole: use a decoder, or train a classifier.',
  });
}

/** Throws as {@link requireNextTokens}. */
export function languageModel(model: Model, reads: Head['reads']): Head {
  const { hiddenSize, vocabularySize, heads } = model;
  requireNextTokens(model);
  const matrix: HeadParameter = {
    name: heads.languageModel,
    shape: [vocabularySize, hiddenSize],
    first: undefined,
  };
  const bias: HeadParameter | undefined =
    heads.languageModelBias === undefined
      ? undefined
      : { name: heads.languageModelBias, shape: [vocabularySize], first: undefined };
  return {
    id: `language model ${reads}`,
    reads,
    isRowWise: true,
    parameters: bias === undefined ? [matrix] : [matrix, bias],
    logits: ({ builder: b, parameter }, hidden) => {
      const logits = b.matmul(hidden, parameter(matrix), { transposeB: true });
      return bias === undefined ? logits : b.add(logits, parameter(bias));
    },
    feeds: () => ({}),
  };
}
