/** @file adapter_config.json as PEFT writes and reads it. */

import type { LayerSelection, LoraOptions } from '../lora-plan.ts';
import { checkAdapterConfig } from './adapter-config-schema.ts';

export interface AdapterConfig {
  readonly lora: LoraOptions;
  readonly baseModel: string;
  readonly revision: string | undefined;
}

/** @throws VultuneError ADAPTER_CONFIG for what is not a LoRA adapter that Vultune can compute. */
export function parseAdapterConfig(json: Readonly<Record<string, unknown>>, file: string): AdapterConfig {
  const fields = checkAdapterConfig(json, file);
  return {
    lora: {
      rank: fields.r,
      alpha: fields.lora_alpha,
      dropout: fields.lora_dropout ?? 0,
      targetModules: targetModules(fields.target_modules),
      layers: layerSelection(fields.layers_to_transform),
      useRsLora: fields.use_rslora ?? false,
      rankPattern: fields.rank_pattern ?? {},
      alphaPattern: fields.alpha_pattern ?? {},
    },
    baseModel: fields.base_model_name_or_path,
    revision: fields.revision ?? undefined,
  };
}

function targetModules(value: string | readonly string[]): LoraOptions['targetModules'] {
  if (typeof value !== 'string') return value;
  return value === 'all-linear' ? value : { pattern: value };
}

function layerSelection(value: number | readonly number[] | null | undefined): LayerSelection {
  if (value === undefined || value === null) return 'all';
  return typeof value === 'number' ? [value] : value;
}

/** What a file says of the adapter beside its options. */
export interface AdaptedPart {
  /** Layers adapted, undefined for all. */
  readonly layers: readonly number[] | undefined;
  /** Full names of the adapted matrices. */
  readonly modules: readonly string[];
  /** Whether the checkpoint holds them [in, out] (Conv1D). */
  readonly transposed: boolean;
}

/** The file for an adapter trained here. */
export function formatAdapterConfig(
  config: AdapterConfig,
  { layers, modules, transposed }: AdaptedPart,
): string {
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
    fan_in_fan_out: transposed,
    inference_mode: true,
    init_lora_weights: true,
    rank_pattern: lora.rankPattern,
    alpha_pattern: lora.alphaPattern,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
