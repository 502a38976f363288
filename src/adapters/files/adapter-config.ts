/** @file adapter_config.json as PEFT writes and reads it. */

import { exclusionMatcher, type LayerSelection, type LoraOptions, targetMatcher } from '../lora-plan.ts';
import { formatRankPattern, parseRankPattern } from './adalora-file.ts';
import {
  type AdaLoraConfigFields,
  type AdapterConfigFields,
  checkAdapterConfig,
  type LoraConfigFields,
} from './adapter-config-schema.ts';

export interface AdapterConfig {
  readonly lora: LoraOptions;
  readonly baseModel: string;
  readonly revision: string | undefined;
}

/** @throws VultuneError ADAPTER_CONFIG for what is not an adapter that Vultune can compute. */
export function parseAdapterConfig(json: Readonly<Record<string, unknown>>, file: string): AdapterConfig {
  const fields = checkAdapterConfig(json, file);
  return {
    lora: { ...commonOptions(fields), ...(isAdaLora(fields) ? adaLoraOptions(fields) : loraOptions(fields)) },
    baseModel: fields.base_model_name_or_path,
    revision: fields.revision ?? undefined,
  };
}

const isAdaLora = (fields: AdapterConfigFields): fields is AdaLoraConfigFields =>
  fields.peft_type === 'ADALORA';

function commonOptions(fields: AdapterConfigFields) {
  const { exclude_modules: exclude, layers_pattern: pattern, bias } = fields;
  // The head is trained whole in any case.
  const saved = (fields.modules_to_save ?? []).filter((name) => !HEAD_MODULES.includes(name));
  return {
    alpha: fields.lora_alpha,
    dropout: fields.lora_dropout ?? 0,
    targetModules: targetModules(fields.target_modules),
    layers: layerSelection(fields.layers_to_transform),
    ...(pattern == null || pattern.length === 0
      ? {}
      : { layersPattern: typeof pattern === 'string' ? [pattern] : pattern }),
    ...(exclude == null || exclude.length === 0
      ? {}
      : { excludeModules: typeof exclude === 'string' ? { pattern: exclude } : exclude }),
    ...(saved.length === 0 ? {} : { modulesToSave: saved }),
    ...(bias == null || bias === 'none' ? {} : { bias }),
  };
}

const loraOptions = (fields: LoraConfigFields) => ({
  rank: fields.r,
  useRsLora: fields.use_rslora ?? false,
  ...(fields.use_dora === true ? { useDora: true } : {}),
  rankPattern: fields.rank_pattern ?? {},
  alphaPattern: fields.alpha_pattern ?? {},
});

/** Defaults are PEFT's. */
const adaLoraOptions = (fields: AdaLoraConfigFields) => ({
  rank: fields.init_r,
  useRsLora: false,
  rankPattern: {},
  alphaPattern: {},
  adalora: {
    targetRank: fields.target_r ?? 8,
    initialSteps: fields.tinit ?? 0,
    finalSteps: fields.tfinal ?? 0,
    interval: fields.deltaT ?? 1,
    beta1: fields.beta1 ?? 0.85,
    beta2: fields.beta2 ?? 0.85,
    orthogonalWeight: fields.orth_reg_weight ?? 0.5,
    ...(fields.total_step == null ? {} : { totalSteps: fields.total_step }),
    ...(fields.rank_pattern == null ? {} : { kept: parseRankPattern(fields.rank_pattern) }),
  },
});

/** PEFT's word for an adapter that changes no module through matrices of its own. */
const NO_TARGETS = 'dummy-target-modules';

/** Modules that are trained whole. PEFT adds both to what `modules_to_save` of a classifier says. */
const HEAD_MODULES = ['classifier', 'score'];

function targetModules(value: string | readonly string[]): LoraOptions['targetModules'] {
  if (typeof value !== 'string') return value;
  if (value === NO_TARGETS) return 'none';
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
  /** Full names of the modules of the base model that are trained whole; default: none. */
  readonly wholeModules?: readonly string[];
  /** All matrices of Transformers' classifier that PEFT could adapt. */
  readonly candidates: readonly string[];
  /** Whether the checkpoint holds them [in, out] (Conv1D). */
  readonly transposed: boolean;
  /** What judges: Transformers' classifier, one that it has no class for, or the model's own language-model head. */
  readonly head: 'classifier' | 'own classifier' | 'language model';
}

/**
 * What makes PEFT adapt the same matrices: the targets as they were given where it would read them so, else every matrix by
 * its full name. BERT's `output.dense` and `pooler.dense` end alike, and PEFT's all-linear takes a pooler that is not used.
 * PEFT refuses layers_to_transform beside a text such as "all-linear".
 */
function peftTargets(
  { targetModules: targets, ...options }: LoraOptions,
  { layers, modules, candidates }: AdaptedPart,
): {
  readonly target_modules: string | readonly string[];
  readonly layers_to_transform: readonly number[] | null;
} {
  if (targets === 'none') return { target_modules: NO_TARGETS, layers_to_transform: null };
  const isTarget = targetMatcher(targets);
  const isExcluded = exclusionMatcher(options);
  // It takes the first number between dots for the layer; what has none is in no layer.
  const layerOf = (name: string) => Number(/\.(\d+)\./.exec(name)?.[1]);
  const taken = candidates.filter(
    (name) => isTarget(name) && !isExcluded(name) && (layers === undefined || layers.includes(layerOf(name))),
  );
  const isText = !Array.isArray(targets);
  if (!isSame(taken, modules) || (isText && layers !== undefined)) {
    return { target_modules: modules, layers_to_transform: null };
  }
  const target_modules = typeof targets === 'object' && 'pattern' in targets ? targets.pattern : targets;
  return { target_modules, layers_to_transform: layers ?? null };
}

const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();

/** PEFT's classes for a task go over Transformers' own. */
const TASK_TYPES = { classifier: 'SEQ_CLS', 'own classifier': null, 'language model': 'CAUSAL_LM' } as const;

const SAVED_HEADS: { readonly [K in AdaptedPart['head']]: readonly string[] } = {
  classifier: HEAD_MODULES,
  'own classifier': ['score'],
  'language model': [],
};

/** The file for an adapter trained here. */
export function formatAdapterConfig(config: AdapterConfig, adapted: AdaptedPart): string {
  const { lora } = config;
  const { excludeModules: exclude, modulesToSave: saved = [], adalora, bias = 'none' } = lora;
  const excluded = exclude !== undefined && 'pattern' in exclude ? exclude.pattern : (exclude ?? []);
  const savedModules = [
    ...SAVED_HEADS[adapted.head],
    ...(saved === 'all' ? (adapted.wholeModules ?? []) : saved),
  ];
  const json = {
    peft_type: adalora === undefined ? 'LORA' : 'ADALORA',
    task_type: TASK_TYPES[adapted.head],
    base_model_name_or_path: config.baseModel,
    revision: config.revision ?? null,
    ...(adalora === undefined ? { r: lora.rank } : {}),
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    ...(adalora === undefined ? { use_rslora: lora.useRsLora } : {}),
    ...(lora.useDora === true ? { use_dora: true } : {}),
    ...peftTargets(lora, adapted),
    ...(lora.layersPattern === undefined ? {} : { layers_pattern: lora.layersPattern }),
    ...(excluded.length === 0 ? {} : { exclude_modules: excluded }),
    modules_to_save: adapted.head === 'language model' && savedModules.length === 0 ? null : savedModules,
    bias,
    fan_in_fan_out: adapted.transposed,
    inference_mode: true,
    init_lora_weights: true,
    ...(adalora === undefined
      ? { rank_pattern: lora.rankPattern, alpha_pattern: lora.alphaPattern }
      : adaLoraJson(lora.rank, adalora)),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

const adaLoraJson = (rank: number, adalora: NonNullable<LoraOptions['adalora']>) => ({
  init_r: rank,
  target_r: adalora.targetRank,
  tinit: adalora.initialSteps,
  tfinal: adalora.finalSteps,
  deltaT: adalora.interval,
  beta1: adalora.beta1,
  beta2: adalora.beta2,
  orth_reg_weight: adalora.orthogonalWeight,
  // PEFT wants one even of an adapter that is only used.
  total_step: adalora.totalSteps ?? adalora.initialSteps + adalora.finalSteps + 1,
  rank_pattern: adalora.kept === undefined ? null : formatRankPattern(adalora.kept),
});
