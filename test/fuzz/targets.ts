/** @file Every reader of bytes from outside that `npm run fuzz` tries: one line each, or one a family. */
import { adapterConfigTarget, adapterWeightsTarget } from './adapter.ts';
import { bitsandbytesTarget } from './bitsandbytes.ts';
import { CWE_HEAD_TARGETS } from './cwe-head.ts';
import { FACT_TARGETS } from './facts.ts';
import { FORMAT_TARGETS } from './format-targets.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { ggufTarget } from './gguf.ts';
import { KEPT_TARGETS } from './kept-state.ts';
import { modelConfigTarget } from './model-config.ts';
import { NETWORK_TARGETS } from './network.ts';
import { PICKLE_TARGETS } from './pickle.ts';
import { REPOSITORY_TARGETS } from './repositories.ts';
import { RUN_TARGETS } from './run-files.ts';
import { safetensorsTarget } from './safetensors.ts';
import { SETTING_TARGETS } from './settings.ts';
import { shardIndexTarget } from './shard-index.ts';
import { SHARD_TARGETS } from './shards.ts';
import { SOURCE_TARGETS } from './sources.ts';
import { TOKENIZER_FORM_TARGETS } from './tokenizer-forms.ts';
import { TOKENIZER_TARGET } from './tokenizer-target.ts';
import { TRIAGE_TARGETS } from './triage.ts';

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  TOKENIZER_TARGET,
  ...TOKENIZER_FORM_TARGETS,
  modelConfigTarget,
  shardIndexTarget,
  safetensorsTarget,
  bitsandbytesTarget,
  ggufTarget,
  ...PICKLE_TARGETS,
  adapterConfigTarget,
  adapterWeightsTarget,
  ...CWE_HEAD_TARGETS,
  ...SETTING_TARGETS,
  ...SHARD_TARGETS,
  ...RUN_TARGETS,
  ...KEPT_TARGETS,
  ...FORMAT_TARGETS,
  ...FACT_TARGETS,
  ...NETWORK_TARGETS,
  ...REPOSITORY_TARGETS,
  ...SOURCE_TARGETS,
  ...TRIAGE_TARGETS,
];
