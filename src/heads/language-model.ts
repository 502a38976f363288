/** @file Logits of the next token over the whole vocabulary: [N, V] of every token, or [B, V] of each function's last. */
import type { Model } from '../model/spec.ts';
import type { Head, HeadParameter } from './head.ts';

export function languageModel({ hiddenSize, vocabularySize, heads }: Model, reads: Head['reads']): Head {
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
    parameters: bias === undefined ? [matrix] : [matrix, bias],
    logits: ({ builder: b, parameter }, hidden) => {
      const logits = b.matmul(hidden, parameter(matrix), { transposeB: true });
      return bias === undefined ? logits : b.add(logits, parameter(bias));
    },
    feeds: () => ({}),
  };
}
