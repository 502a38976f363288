/** @file GPT-2: matrices are Transformers' Conv1D, [in, out]; the fused one is [query | key | value]. */
import type { Model } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';
import { gpt2Like } from './gpt2-like.ts';
import { parts } from './parts.ts';

export const gpt2 = (config: ConfigReader): Model =>
  gpt2Like(config, {
    family: 'gpt2',
    activation: 'gelu_new',
    keyValueHeadCount: (headCount) => headCount,
    split: (fused, H, d) => parts(fused, H * d, H * d, H * d),
    transposed: true,
  });
