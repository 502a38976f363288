/**
 * @file GPTBigCode (StarCoder, StarCoderBase, WizardCoder, SantaCoder). With `multi_query` the fused matrix is [query of all
 * heads | one key | one value]; without, each head has its query, key and value one behind the other.
 */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { gpt2Like } from './gpt2-like.ts';
import { columns, parts } from './parts.ts';

export function gptBigCode(config: ConfigReader): Model {
  const multiQuery = config.flag('multi_query', true);
  return gpt2Like(config, {
    family: 'gpt_bigcode',
    activation: 'gelu_pytorch_tanh',
    keyValueHeadCount: (headCount) => (multiQuery ? 1 : headCount),
    split: (fused, H, d) => {
      if (multiQuery) return parts(fused, H * d, d, d);
      const ofHeads = (part: number) =>
        columns(
          fused,
          ...Array.from({ length: H }, (_, h) => [(3 * h + part) * d, (3 * h + part + 1) * d] as const),
        );
      return [ofHeads(0), ofHeads(1), ofHeads(2)];
    },
    transposed: false,
  });
}
