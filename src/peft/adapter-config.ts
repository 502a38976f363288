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
  'kasa_config',
  'monteclora_config',
  'exclude_modules',
] as const;

/** Ways of starting that also change the base model's weights: the adapter alone does not say what they became. */
const CHANGES_THE_BASE = /^(pissa|olora|corda|loftq|lora_ga)/;

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
  const start = json.init_lora_weights;
  if (typeof start === 'string' && CHANGES_THE_BASE.test(start)) {
    fail('init_lora_weights', 'a start that leaves the base model as it is (PEFT can convert the adapter)');
  }
  const number = (
    name: string,
    fallback: number | undefined,
    expected: string,
    holds: (x: number) => boolean,
  ) => {
    const value = json[name] ?? fallback;
    return typeof value === 'number' && holds(value) ? value : fail(name, expected);
  };
  const pattern = (name: string, holds: (x: unknown) => boolean): Record<string, number> => {
    const value = json[name] ?? {};
    const isPattern = typeof value === 'object' && Object.values(value).every(holds);
    return isPattern ? (value as Record<string, number>) : fail(name, 'numbers by the ends of module names');
  };
  const baseModel = json.base_model_name_or_path;
  return {
    lora: {
      rank: number('r', undefined, 'a positive whole number', isRank),
      alpha: number('lora_alpha', undefined, 'a number', Number.isFinite),
      dropout: number('lora_dropout', 0, 'a number from 0, below 1', (p) => p >= 0 && p < 1),
      targetModules:
        parseTargets(json.target_modules) ?? fail('target_modules', 'a name, or a list of names'),
      layers:
        parseLayers(json.layers_to_transform) ?? fail('layers_to_transform', 'a layer, or a list of them'),
      useRsLora: json.use_rslora === true,
      rankPattern: pattern('rank_pattern', isRank),
      alphaPattern: pattern('alpha_pattern', Number.isFinite),
    },
    baseModel:
      typeof baseModel === 'string' ? baseModel : fail('base_model_name_or_path', 'the name of a model'),
    revision: typeof json.revision === 'string' ? json.revision : undefined,
  };
}

const isRank = (value: unknown) => Number.isInteger(value) && (value as number) > 0;

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

/** What a file says of the adapter beside its options. */
export interface AdaptedPart {
  /** Layers adapted, undefined for all. */
  readonly layers: readonly number[] | undefined;
  /** Full names of the adapted matrices. */
  readonly modules: readonly string[];
}

/** The file for an adapter trained here. */
export function formatAdapterConfig(config: AdapterConfig, { layers, modules }: AdaptedPart): string {
  const { lora } = config;
  const targets = lora.targetModules;
  const isList = Array.isArray(targets);
  const oneText = typeof targets === 'object' && 'pattern' in targets ? targets.pattern : targets;
  const json = {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    base_model_name_or_path: config.baseModel,
    revision: config.revision ?? null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    use_rslora: lora.useRsLora,
    // PEFT refuses layers_to_transform beside a text such as "all-linear": then every matrix is listed.
    target_modules: isList || layers === undefined ? oneText : modules,
    layers_to_transform: isList ? (layers ?? null) : null,
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
