/** @file The adapter of the benchmarks, ours and PEFT's: LoRA on every matrix. */
export const LORA = {
  rank: 8,
  alpha: 32,
  dropout: 0,
  targetModules: 'all-linear',
  layers: 'all',
  useRsLora: false,
  rankPattern: {},
  alphaPattern: {},
};
