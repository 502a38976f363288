/** @file What an unknown key may have meant: the nearest known one, or what a peer's key is called here. */
import { closest, distance } from 'fastest-levenshtein';

/** Keys of Transformers, PEFT, TRL and Axolotl that people will try: what to use instead. */
const PEER_KEYS: Readonly<Record<string, string>> = {
  model: 'base_model',
  model_name: 'base_model',
  model_name_or_path: 'base_model',
  lr: 'learning_rate',
  epochs: 'num_train_epochs',
  num_epochs: 'num_train_epochs',
  lr_scheduler: 'lr_scheduler_type',
  sequence_len: 'max_length',
  max_seq_length: 'max_length',
  max_seq_len: 'max_length',
  lora_rank: 'lora_r',
  rank: 'lora_r',
  r: 'lora_r',
  alpha: 'lora_alpha',
  lora_target_modules: 'target_modules',
  lora_target_linear: 'target_modules (all-linear)',
  layers_to_transform: 'lora_layers',
  peft_type: 'finetuning_type',
  lora_bias: 'bias',
  orth_reg: 'orth_reg_weight',
  evaluation_strategy: 'eval_strategy',
  train_data: 'train_file',
  train_dataset: 'train_file',
  datasets: 'train_file',
  validation_file: 'valid_file',
  eval_file: 'valid_file',
  sample_packing: 'packing',
  threads: 'num_threads',
  gradient_checkpointing: 'activations (recompute)',
  per_device_train_batch_size: 'functions_per_step (the batch) and tokens_per_batch (the memory)',
  micro_batch_size: 'functions_per_step (the batch) and tokens_per_batch (the memory)',
  batch_size: 'functions_per_step (the batch) and tokens_per_batch (the memory)',
  gradient_accumulation_steps: 'functions_per_step (counts functions, not passes)',
};

/** The hint for a key that does not exist, or undefined where nothing is near. */
export function hintForUnknownKey(key: string, known: readonly string[]): string | undefined {
  const peer = PEER_KEYS[key.toLowerCase()];
  if (peer !== undefined && known.includes('base_model')) return `Vultune calls it ${peer}`;
  const folded = key.toLowerCase().replaceAll('-', '_');
  const nearest = closest(folded, [...known]);
  return distance(folded, nearest) <= Math.max(2, Math.floor(key.length / 3))
    ? `did you mean ${nearest}?`
    : undefined;
}
