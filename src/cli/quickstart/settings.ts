/** @file How the quickstart trains, by base model: what was measured for each (docs/log.md), and nothing else. */
import type { TrainOptions } from '../../config/train-config.ts';

export type QuickstartSettings = Omit<
  TrainOptions,
  'base_model' | 'train_file' | 'valid_file' | 'test_file' | 'output_dir' | 'seed' | 'max_length'
> & { readonly max_length: number };

export interface QuickstartModel {
  /** For people. */
  readonly name: string;
  /** What a reference or the path of such a model has in it. */
  readonly pattern: RegExp;
  readonly settings: QuickstartSettings;
}

/**
 * Qwen2.5-Coder-0.5B, 24 layers. Rests on probes of its frozen layers with 384 tokens (logistic regression; layer and C chosen on
 * validation): mean pooling reached a test ROC AUC of 0.61 to 0.64 on the quickstart's data at layers 11 to 17, the last token 0.51.
 * So: mean pooling, the layers above the sixteenth left out, the head started as that probe. The learning rate is a first choice.
 */
const QWEN_CODER: QuickstartModel = {
  name: 'Qwen2.5-Coder-0.5B',
  pattern: /qwen2\.5-coder-0\.5b/i,
  settings: {
    keep_layers: 16,
    pooling: 'mean',
    head_init: 'probe',
    lora_layers: 'last 4',
    lora_r: 8,
    lora_alpha: 32,
    lora_dropout: 0,
    max_length: 384,
    functions_per_step: 16,
    learning_rate: 3e-4,
    head_learning_rate: null,
    num_train_epochs: 2,
  },
};

/** SmolLM2-135M, 30 layers: chosen so that two cores are done within ten minutes ("The quickstart" in docs/log.md). */
const SMOL_LM2: QuickstartModel = {
  name: 'SmolLM2-135M',
  pattern: /smollm2/i,
  settings: {
    lora_layers: 'last 6',
    lora_r: 8,
    lora_alpha: 32,
    lora_dropout: 0.05,
    max_length: 384,
    functions_per_step: 16,
    learning_rate: 5e-4,
    num_train_epochs: 3,
  },
};

/** A model of the user's own (`--base-model`), of which nothing was measured: SmolLM2's, with fewer trained layers. */
const ANOTHER: Omit<QuickstartModel, 'name' | 'pattern'> = {
  settings: { ...SMOL_LM2.settings, lora_layers: 'last 4' },
};

/** `--quick`: enough to see that everything runs. */
const QUICK = { num_train_epochs: 1, max_steps: 4, max_length: 128 } as const;

export function quickstartModel(reference: string): Omit<QuickstartModel, 'pattern'> {
  return (
    [QWEN_CODER, SMOL_LM2].find(({ pattern }) => pattern.test(reference)) ?? { ...ANOTHER, name: reference }
  );
}

export function quickstartSettings(
  reference: string,
  { quick }: { readonly quick: boolean },
): QuickstartSettings {
  const { settings } = quickstartModel(reference);
  return quick ? { ...settings, ...QUICK } : settings;
}
