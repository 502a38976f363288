/** @file Every reader of bytes from outside that `npm run fuzz` tries: one line each. */
import { adapterConfigTarget, adapterWeightsTarget } from './adapter.ts';
import { FORMAT_TARGETS } from './format-targets.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { ggufTarget } from './gguf.ts';
import { modelConfigTarget } from './model-config.ts';
import { safetensorsTarget } from './safetensors.ts';
import { shardIndexTarget } from './shard-index.ts';
import { TOKENIZER_TARGET } from './tokenizer-target.ts';

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  TOKENIZER_TARGET,
  modelConfigTarget,
  shardIndexTarget,
  safetensorsTarget,
  ggufTarget,
  adapterConfigTarget,
  adapterWeightsTarget,
  ...FORMAT_TARGETS,
];
