/** @file adapter_config.json as PEFT writes and reads it. */
import { VultuneError } from '../base/errors.ts';
import type { LayerSelection, LoraOptions } from './lora-plan.ts';

/** Fields that change what an adapter computes and that we do not implement: refused unless they are off. */
const MUST_BE_OFF = [
  'use_dora',
  'use_qalora',
  'use_bdlora',
  'fan_in_fan_out',
  'lora_bias',
  'layer_replication',
  'trainable_token_indices',
  'alora_invocation_tokens',
  'target_parameters',
  'arrow_config',
  'exclude_modules',
] as const;

export interface AdapterConfig {
  readonly lora: LoraOptions;
  readonly baseModel: string;
  readonly revision: string | undefined;
}

const isOff = (value: unknown) =>
  value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);

/** Throws ADAPTER_CONFIG for what is not a LoRA adapter that we can compute. */
export function parseAdapterConfig(json: Readonly<Record<string, unknown>>, file: string): AdapterConfig {
  const fail = (name: string, expected: string): never => {
    throw new VultuneError(
      'ADAPTER_CONFIG',
      `"${name}" is ${JSON.stringify(json[name]) ?? 'missing'}, expected ${expected}`,
      { where: { file, name }, hint: 'Vultune reads LoRA adapters as PEFT writes them.' },
    );
  };
  if (json.peft_type !== 'LORA') fail('peft_type', '"LORA"');
  for (const name of MUST_BE_OFF) if (!isOff(json[name])) fail(name, 'it to be off: it is not supported');
  if (json.bias !== undefined && json.bias !== 'none') fail('bias', '"none"');
  const number = (name: string, fallback?: number): number => {
    const value = json[name] ?? fallback;
    return typeof value === 'number' ? value : fail(name, 'a number');
  };
  const baseModel = json.base_model_name_or_path;
  return {
    lora: {
      rank: number('r'),
      alpha: number('lora_alpha'),
      dropout: number('lora_dropout', 0),
      targetModules:
        parseTargets(json.target_modules) ?? fail('target_modules', 'a name, or a list of names'),
      layers:
        parseLayers(json.layers_to_transform) ?? fail('layers_to_transform', 'a layer, or a list of them'),
      useRsLora: json.use_rslora === true,
      rankPattern: (json.rank_pattern ?? {}) as Record<string, number>,
      alphaPattern: (json.alpha_pattern ?? {}) as Record<string, number>,
    },
    baseModel:
      typeof baseModel === 'string' ? baseModel : fail('base_model_name_or_path', 'the name of a model'),
    revision: typeof json.revision === 'string' ? json.revision : undefined,
  };
}

function parseTargets(value: unknown): LoraOptions['targetModules'] | undefined {
  if (typeof value === 'string') return value === 'all-linear' ? value : { pattern: value };
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  return undefined;
}

function parseLayers(value: unknown): LayerSelection | undefined {
  if (value === undefined || value === null) return 'all';
  if (typeof value === 'number') return [value];
  if (Array.isArray(value) && value.every((layer) => typeof layer === 'number')) return value;
  return undefined;
}

/** The file for an adapter trained here; `layers` are those adapted, undefined for all. */
export function formatAdapterConfig(config: AdapterConfig, layers: readonly number[] | undefined): string {
  const { lora } = config;
  const targets = lora.targetModules;
  const json = {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    base_model_name_or_path: config.baseModel,
    revision: config.revision ?? null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    use_rslora: lora.useRsLora,
    target_modules: typeof targets === 'object' && 'pattern' in targets ? targets.pattern : targets,
    layers_to_transform: layers ?? null,
    modules_to_save: ['classifier', 'score'],
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    rank_pattern: lora.rankPattern,
    alpha_pattern: lora.alphaPattern,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
