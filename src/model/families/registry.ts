/** @file Every family by its `model_type`: one line each. */
import { VultuneError } from '../../base/errors.ts';
import type { Model } from '../spec.ts';
import { ConfigReader } from './config-reader.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { qwen2 } from './qwen2.ts';

const FAMILIES: Readonly<Record<string, (config: ConfigReader) => Model>> = {
  llama,
  mistral,
  qwen2,
};

export const FAMILY_NAMES: readonly string[] = Object.keys(FAMILIES);

/**
 * The model that a checkpoint's config.json describes. `tensorCount`: of the checkpoint, which bounds the layers.
 * Throws MODEL_ARCHITECTURE_UNKNOWN, MODEL_CONFIG_FIELD or MODEL_FEATURE_UNSUPPORTED.
 */
export function readModel(
  config: Readonly<Record<string, unknown>>,
  file: string,
  tensorCount?: number,
): Model {
  const reader = new ConfigReader(config, file, tensorCount);
  const type = reader.text('model_type');
  const family = Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (family === undefined) {
    throw new VultuneError(
      'MODEL_ARCHITECTURE_UNKNOWN',
      `the model is of type "${type}", which is not supported`,
      {
        where: { file, name: 'model_type' },
        hint: `Supported: ${FAMILY_NAMES.join(', ')}.`,
      },
    );
  }
  return family(reader);
}
