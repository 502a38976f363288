/**
 * @file Logits of a few tokens as the next one of each function, [B, answers]: the rows of the language model's matrix that belong to
 * them, and no other.
 */
import type { Model } from '../model/spec.ts';
import { int64 } from '../tensor/host-tensor.ts';
import type { Head, HeadParameter } from './head.ts';
import { requireNextTokens } from './language-model.ts';

/**
 * @param tokens ids of the vocabulary; column i of the logits is token i of them
 * @throws VultuneError NEXT_TOKEN_UNSUPPORTED for an encoder
 */
export function answerTokens(model: Model, tokens: readonly number[]): Head {
  requireNextTokens(model);
  const { hiddenSize, vocabularySize, heads } = model;
  const matrix: HeadParameter = {
    name: heads.languageModel,
    shape: [vocabularySize, hiddenSize],
    first: undefined,
    rows: tokens,
  };
  const bias: HeadParameter | undefined =
    heads.languageModelBias === undefined
      ? undefined
      : { name: heads.languageModelBias, shape: [vocabularySize], first: undefined };
  return {
    id: `answer tokens ${tokens.join(' ')}`,
    reads: 'last',
    parameters: bias === undefined ? [matrix] : [matrix, bias],
    logits: ({ builder: b, parameter }, hidden) => {
      const logits = b.matmul(hidden, parameter(matrix), { transposeB: true }); // [B, answers]
      if (bias === undefined) return logits;
      return b.add(logits, b.gather(parameter(bias), b.constant(int64([tokens.length], tokens))));
    },
    feeds: () => ({}),
  };
}
