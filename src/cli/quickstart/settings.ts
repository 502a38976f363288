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
  /** How many functions of the training part are trained on. */
  readonly trainFunctions: number;
}

/**
 * Qwen2.5-Coder-0.5B, 24 layers. A probe of its frozen layers on this data (317 validation functions, 256 tokens) ranks best with mean
 * pooling behind the ninth layer, ROC AUC 0.63, and no layer above it better; the last token's 0.53 there. So: nine layers, mean
 * pooling, the head started as that probe; in 8 bits, which is what lets two cores read so many functions in the time.
 */
const QWEN_CODER: QuickstartModel = {
  name: 'Qwen2.5-Coder-0.5B',
  pattern: /qwen2\.5-coder-0\.5b/i,
  trainFunctions: 900,
  settings: {
    load_in_8bit: true,
    int8_matmul: 'fast',
    // Measuring features takes as long as some steps, of which there are few here.
    int8_smoothing: 'off',
    keep_layers: 9,
    pooling: 'mean',
    head_init: 'probe',
    lora_layers: 'last 2',
    lora_r: 8,
    lora_alpha: 32,
    lora_dropout: 0,
    max_length: 256,
    functions_per_step: 16,
    learning_rate: 1e-4,
    head_learning_rate: null,
    num_train_epochs: 1,
  },
};

/** SmolLM2-135M, 30 layers: chosen so that two cores are done within ten minutes ("The quickstart" in docs/log.md). */
const SMOL_LM2: QuickstartModel = {
  name: 'SmolLM2-135M',
  pattern: /smollm2/i,
  trainFunctions: 500,
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

/** A model of the user's own (`--base-model`), for which no setting was measured: SmolLM2's, with fewer trained layers. */
const ANOTHER: Omit<QuickstartModel, 'name' | 'pattern'> = {
  trainFunctions: 500,
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
