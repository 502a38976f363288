/** @file adapter_config.json as PEFT writes and reads it. */

import { type LayerSelection, type LoraOptions, targetMatcher } from '../lora-plan.ts';
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

/** Modules that are trained whole. PEFT adds both to what `modules_to_save` of a classifier says. */
const HEAD_MODULES = ['classifier', 'score'];

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
  /** Of all matrices of Transformers' classifier that PEFT could adapt. */
  readonly candidates: readonly string[];
  /** Whether the checkpoint holds them [in, out] (Conv1D). */
  readonly transposed: boolean;
  /** Whether Transformers has a class with the classifying head. */
  readonly hasClassifier: boolean;
}

/**
 * What makes PEFT adapt the same matrices: the targets as they were given where it would read them so, else every matrix by
 * its full name. BERT's `output.dense` and `pooler.dense` end alike, and PEFT's all-linear takes a pooler that is not used.
 * PEFT refuses layers_to_transform beside a text such as "all-linear".
 */
function peftTargets(
  targets: LoraOptions['targetModules'],
  { layers, modules, candidates }: AdaptedPart,
): {
  readonly target_modules: string | readonly string[];
  readonly layers_to_transform: readonly number[] | null;
} {
  const isTarget = targetMatcher(targets);
  // It takes the first number between dots for the layer; what has none is in no layer.
  const layerOf = (name: string) => Number(/\.(\d+)\./.exec(name)?.[1]);
  const taken = candidates.filter(
    (name) => isTarget(name) && (layers === undefined || layers.includes(layerOf(name))),
  );
  const isText = !Array.isArray(targets);
  if (!isSame(taken, modules) || (isText && layers !== undefined)) {
    return { target_modules: modules, layers_to_transform: null };
  }
  const target_modules = typeof targets === 'object' && 'pattern' in targets ? targets.pattern : targets;
  return { target_modules, layers_to_transform: layers ?? null };
}

const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();

/** The file for an adapter trained here. */
export function formatAdapterConfig(config: AdapterConfig, adapted: AdaptedPart): string {
  const { lora } = config;
  const json = {
    peft_type: 'LORA',
    // PEFT's classes for a task go over Transformers' classifiers.
    task_type: adapted.hasClassifier ? 'SEQ_CLS' : null,
    base_model_name_or_path: config.baseModel,
    revision: config.revision ?? null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    use_rslora: lora.useRsLora,
    ...peftTargets(lora.targetModules, adapted),
    modules_to_save: adapted.hasClassifier ? HEAD_MODULES : ['score'],
    bias: 'none',
    fan_in_fan_out: adapted.transposed,
    inference_mode: true,
    init_lora_weights: true,
    rank_pattern: lora.rankPattern,
    alpha_pattern: lora.alphaPattern,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
