/** @file Logits of the next token over the whole vocabulary: [N, V] of every token, or [B, V] of each function's last. */
import type { Model } from '../model/spec.ts';
import type { Head, HeadParameter } from './head.ts';

export function languageModel({ hiddenSize, vocabularySize, heads }: Model, reads: Head['reads']): Head {
  const matrix: HeadParameter = {
    name: heads.languageModel,
    shape: [vocabularySize, hiddenSize],
    first: undefined,
  };
  return {
    id: `language model ${reads}`,
    reads,
    parameters: [matrix],
    logits: ({ builder: b, parameter }, hidden) => b.matmul(hidden, parameter(matrix), { transposeB: true }),
    feeds: () => ({}),
  };
}
