/** @file What vultune.json says of how an adapter was trained; thresholds and what else is measured come with the evaluation. */
import { existsSync } from 'node:fs';
import type { DetectorSettings } from '../../adapters/files/detector-settings.ts';
import { pathFrom } from '../../base/moved-path.ts';
import { modelIdentity } from '../../network/model-identity.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { RunRecord } from '../../runs/run-folder.ts';
import type { TrainingPlan } from './setup.ts';

/** @param folder where the adapter is written: paths are as seen from it */
export function trainedSettings(
  { config, model, reading, context }: Pick<TrainingPlan, 'config' | 'model' | 'reading' | 'context'>,
  data: RunRecord['data'],
  folder: string,
): Omit<DetectorSettings, 'formatVersion' | 'threshold'> {
  return {
    maxLength: config.max_length,
    longFunctions: config.long_functions,
    pooling: reading.pooling,
    ...(reading.asked === undefined ? {} : { question: reading.asked.stored }),
    ...(config.top_mlp_layers === 0 ? {} : { topMlpLayers: config.top_mlp_layers }),
    ...(config.keep_layers === null ? {} : { keepLayers: config.keep_layers }),
    ...(context === undefined ? {} : { context: context.kind }),
    ...(context?.maxTokens === undefined ? {} : { contextMaxTokens: context.maxTokens }),
    ...weightFormatOf(model),
    ...modelIdentity(model),
    ...(existsSync(config.base_model) ? { baseModelPath: pathFrom(folder, config.base_model) } : {}),
    data: Object.fromEntries(Object.entries(data).map(([key, { sha256 }]) => [key, sha256])),
  };
}

/** Left out where it is float32, as in files from before there was a choice. */
function weightFormatOf({ weights: { format } }: OpenModel): { readonly weightFormat?: string } {
  return format.name === 'float32' ? {} : { weightFormat: format.name };
}
