/** @file Every kind of adapter by its options, for what all of them must hold. */
import type { LoraOptions } from '../../src/adapters/lora-plan.ts';

export interface AdapterKind {
  readonly name: string;
  readonly lora: Partial<LoraOptions>;
}

const adalora = {
  targetRank: 1,
  initialSteps: 1,
  finalSteps: 1,
  interval: 1,
  beta1: 0.85,
  beta2: 0.8,
  orthogonalWeight: 0.5,
};

export const ADAPTER_KINDS: readonly AdapterKind[] = [
  { name: 'LoRA', lora: {} },
  { name: 'rsLoRA', lora: { useRsLora: true } },
  {
    name: 'LoRA in parts',
    lora: {
      targetModules: ['q_proj', 'v_proj', 'up_proj', 'down_proj'],
      excludeModules: ['layers.3.self_attn.q_proj'],
      layers: [1, 3],
      rankPattern: { v_proj: 1 },
      alphaPattern: { up_proj: 1 },
    },
  },
  { name: 'LoRA with biases of its matrices', lora: { bias: 'lora_only', layers: { last: 2 } } },
  { name: 'LoRA with all biases', lora: { bias: 'all' } },
  {
    name: 'LoRA with modules',
    lora: { modulesToSave: ['input_layernorm', 'layers.2.mlp.up_proj', 'model.norm'] },
  },
  { name: 'DoRA', lora: { useDora: true } },
  { name: 'AdaLoRA', lora: { adalora, rank: 3 } },
  { name: 'whole', lora: { targetModules: 'none', modulesToSave: 'all' } },
  { name: 'head alone', lora: { targetModules: 'none' } },
];
