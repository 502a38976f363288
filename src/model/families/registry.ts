/** @file Every family by its `model_type`: one line each. */
import { VultuneError } from '../../base/errors.ts';
import type { Checkpoint } from '../../checkpoint/checkpoint.ts';
import type { TensorView } from '../../checkpoint/tensor-view.ts';
import type { Model } from '../spec.ts';
import { bert } from './bert.ts';
import { codegen } from './codegen.ts';
import { ConfigReader } from './config-reader.ts';
import { glm } from './glm.ts';
import { gptBigCode } from './gpt-bigcode.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { modernbert } from './modernbert.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { roberta } from './roberta.ts';
import { starcoder2 } from './starcoder2.ts';
import { withBasePrefix } from './stored-names.ts';

const FAMILIES: Readonly<Record<string, (config: ConfigReader) => Model>> = {
  bert,
  codegen,
  glm,
  gpt2,
  gpt_bigcode: gptBigCode,
  llama,
  mistral,
  modernbert,
  qwen2,
  qwen3,
  roberta,
  starcoder2,
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

/**
 * Where each tensor of the model is stored, by its name in the specification: files of one family are published under several
 * schemes of names.
 */
export const storedNames = (stored: Checkpoint, model: Model): ReadonlyMap<string, TensorView> =>
  withBasePrefix(stored, model);
