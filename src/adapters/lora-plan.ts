/** @file Which matrices of a model get a low-rank update, of which kind and how large: PEFT's options resolved against a model. */
import { VultuneError } from '../base/errors.ts';
import type { Head } from '../heads/head.ts';
import { type LayerMatrix, layerMatrices, matricesOf } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';
import { adaLoraScale, adalora } from './adalora.ts';
import type { AdaLoraSchedule } from './adalora-ranks.ts';
import { type AdaptedMatrix, adapt } from './adapted-matrix.ts';
import { dora } from './dora.ts';
import { lora } from './lora.ts';
import { layerListPattern, modulePattern, nameEndPattern, namePattern } from './name-pattern.ts';
import { moduleOf } from './parameter-key.ts';
import { planWhole, type TrainedBiases, type WholeParameter } from './whole-parameters.ts';

/** `last`: only the last k layers. */
export type LayerSelection = 'all' | { readonly last: number } | readonly number[];

export interface LoraOptions {
  readonly rank: number;
  readonly alpha: number;
  /** Probability of dropping an input of A, in [0, 1). */
  readonly dropout: number;
  /**
   * Ends of module names (`q_proj`, `self_attn.q_proj`, `model.layers.3.mlp.up_proj`), a regular expression for whole names,
   * all, or none: then only what is trained whole changes, and the head.
   */
  readonly targetModules: 'all-linear' | 'none' | readonly string[] | { readonly pattern: string };
  /** Matrices that are left out although they are targeted, named in the same ways. Default: none. */
  readonly excludeModules?: readonly string[] | { readonly pattern: string };
  readonly layers: LayerSelection;
  /** Names of the lists that `layers` counts in: `layers` of Llama, `h` of GPT-2. Default: any. */
  readonly layersPattern?: readonly string[];
  /** Scale by alpha / sqrt(r) instead of alpha / r. */
  readonly useRsLora: boolean;
  /** Rank and alpha of single modules, by the end of their name, as PEFT's rank_pattern and alpha_pattern. */
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
  /** DoRA instead of LoRA. Default: false. */
  readonly useDora?: boolean;
  /** AdaLoRA instead of LoRA, with `rank` at the beginning. */
  readonly adalora?: AdaLoraOptions;
  /** Default: `none`. */
  readonly bias?: TrainedBiases;
  /** Modules of the base model that are trained whole, by the ends of their names, or all of them. Default: none. */
  readonly modulesToSave?: 'all' | readonly string[];
}

export interface AdaLoraOptions extends AdaLoraSchedule {
  /** Optimiser steps of its training; known when that is over. */
  readonly totalSteps?: number;
  /** Which of a matrix's values were kept, by its full name; missing: all. */
  readonly kept?: Readonly<Record<string, readonly boolean[]>>;
}

/** What is trained of the base model, and through what. */
export interface AdapterPlan {
  readonly adapted: readonly AdaptedMatrix[];
  readonly whole: readonly WholeParameter[];
}

/** As planLora and planWhole. */
export function planAdapters(model: Model, options: LoraOptions, head: Head): AdapterPlan {
  const adapted = planLora(model, options, head);
  const { modulesToSave: modules = [], bias: biases = 'none' } = options;
  const isPlain = biases === 'none' && modules.length === 0;
  return { adapted, whole: isPlain ? [] : planWhole(model, head, adapted, { modules, biases }) };
}

export function selectedLayers(selection: LayerSelection, layerCount: number): readonly number[] {
  const all = Array.from({ length: layerCount }, (_, layer) => layer);
  if (selection === 'all') return all;
  if ('last' in selection) {
    if (!Number.isInteger(selection.last) || selection.last < 1 || selection.last > layerCount) {
      throw new VultuneError(
        'LORA_LAYERS',
        `the last ${selection.last} layers were asked for, the model has ${layerCount}`,
        { where: { name: 'lora_layers' }, hint: `Give a number from 1 to ${layerCount}, or "all".` },
      );
    }
    return all.slice(-selection.last);
  }
  const outside = selection.find((layer) => !Number.isInteger(layer) || layer < 0 || layer >= layerCount);
  if (outside !== undefined || selection.length === 0) {
    throw new VultuneError(
      'LORA_LAYERS',
      outside === undefined ? 'the list of layers is empty' : `layer ${outside} does not exist`,
      { where: { name: 'lora_layers' }, hint: `Layers of this model are 0 to ${layerCount - 1}.` },
    );
  }
  return [...new Set(selection)].sort((a, b) => a - b);
}

/** PEFT's rule: a target is a whole name or its end after a dot. */
function endsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.map((_, from) => parts.slice(from).join('.'));
}

/** Whether PEFT takes a matrix of this name for a target. Throws LORA_PATTERN. */
export function targetMatcher(
  targets: LoraOptions['targetModules'],
  option: 'target_modules' | 'exclude_modules' = 'target_modules',
): (name: string) => boolean {
  if (targets === 'all-linear') return () => true;
  if (targets === 'none') return () => false;
  if ('pattern' in targets) return namePattern(targets.pattern, option);
  const wanted = new Set(targets);
  return (name) => endsOf(name).some((end) => wanted.has(end));
}

/** Whether PEFT leaves out a matrix of this name though it is targeted. Throws LORA_PATTERN. */
export function exclusionMatcher(
  options: Pick<LoraOptions, 'excludeModules' | 'modulesToSave'>,
): (name: string) => boolean {
  const { excludeModules = 'none', modulesToSave = [] } = options;
  const isExcluded = targetMatcher(excludeModules, 'exclude_modules');
  if (modulesToSave === 'all') return () => true;
  // What is trained whole needs no adapter.
  const saved = modulesToSave.map((name) => modulePattern(name, 'modules_to_save'));
  return (name) => isExcluded(name) || saved.some((fits) => fits(name));
}

/** The value for a name, of the first of the patterns that fits its end, as PEFT has it. */
function patternValues(
  pattern: Readonly<Record<string, number>>,
  option: string,
): (name: string) => number | undefined {
  const values = Object.entries(pattern).map(([end, value]) => [nameEndPattern(end, option), value] as const);
  return (name) => values.find(([fits]) => fits(name))?.[1];
}

const NAMED = 5;

function idleInWords(idle: readonly string[], targets: LoraOptions['targetModules']): string {
  if (idle.length === 0) {
    const found = JSON.stringify(targets).slice(0, 200);
    return Array.isArray(targets) && targets.length === 0
      ? 'target_modules is empty, expected names of matrices'
      : `no matrix that is adapted is called ${found}`;
  }
  const more = idle.length > NAMED ? ` and ${idle.length - NAMED} more` : '';
  return `no matrix of the model is called ${idle.slice(0, NAMED).join(', ')}${more}`;
}

/** The last parts of their names where these tell them apart, else as much as is needed. */
function matrixNames({ layers }: Model, inHead: readonly LayerMatrix[]): string[] {
  const names = [...matricesOf(layers[0]!.block), ...inHead.map(({ matrix }) => matrix)].map(
    ({ name }) => name,
  );
  const isSole = (end: string) => names.filter((name) => endsOf(name).includes(end)).length === 1;
  return names.map((name) => endsOf(name).findLast(isSole) ?? name);
}

/** What of the base model a head reads and adapters go over. */
const headMatrices = (head: Pick<Head, 'matrices'> | undefined): LayerMatrix[] =>
  (head?.matrices ?? []).map((matrix) => ({ layer: undefined, matrix, name: matrix.name }));

/**
 * The matrices of blocks, and those of the base model that the head reads, which get an adapter.
 * Throws LORA_TARGET_UNKNOWN when a target names no matrix, LORA_LAYERS when a layer does not exist, LORA_PATTERN when a
 * pattern is not a regular expression.
 */
export function planLora(
  model: Model,
  options: LoraOptions,
  head?: Pick<Head, 'matrices' | 'parameters'>,
): readonly AdaptedMatrix[] {
  const { targetModules, layersPattern = [] } = options;
  const inHead = headMatrices(head);
  const lists = layersPattern.map((pattern) => layerListPattern(pattern, 'layers_pattern'));
  const isListed = (name: string) =>
    options.layers === 'all' || lists.length === 0 || lists.some((fits) => fits(name));
  const candidates = [
    ...layerMatrices(model, selectedLayers(options.layers, model.layers.length)).filter(({ name }) =>
      isListed(name),
    ),
    // PEFT's layers_to_transform leaves out what is in no layer.
    ...(options.layers === 'all' ? inHead : []),
  ];
  if (targetModules === 'none') return [];
  const isTarget = targetMatcher(targetModules);
  const isExcluded = exclusionMatcher(options);
  const chosen = candidates.filter(({ name }) => isTarget(name) && !isExcluded(name));
  // A name that fits nothing is a mistake, also where only some layers are adapted.
  const everything = [...layerMatrices(model), ...inHead];
  // PEFT lists the head's own matrices too where it was asked for all, and adapts none of what is trained whole.
  const inTrainedHead = (head?.parameters ?? []).map(({ name }) => moduleOf(name));
  const ends = new Set([...everything.map(({ name }) => name), ...inTrainedHead].flatMap(endsOf));
  const wanted = Array.isArray(targetModules) ? (targetModules as readonly string[]) : [];
  const idle = [...new Set(wanted)].filter((target) => !ends.has(target));
  if (chosen.length === 0 && idle.length === 0 && candidates.some(({ name }) => isTarget(name))) {
    throw new VultuneError(
      'LORA_TARGET_UNKNOWN',
      'every matrix that target_modules names is left out by exclude_modules or modules_to_save',
      {
        where: { name: 'exclude_modules' },
        hint: 'Leave some of them to adapt, or train without adapters: finetuning_type: full or head.',
      },
    );
  }
  if (chosen.length === 0 || idle.length > 0) {
    throw new VultuneError('LORA_TARGET_UNKNOWN', idleInWords(idle, targetModules), {
      where: { name: 'target_modules' },
      hint: `Matrices of this model: ${matrixNames(model, inHead).join(', ')}; or all-linear.`,
    });
  }
  const rankOf = patternValues(options.rankPattern, 'rank_pattern');
  const alphaOf = patternValues(options.alphaPattern, 'alpha_pattern');
  return chosen.map((candidate) => {
    const rank = rankOf(candidate.name) ?? options.rank;
    const alpha = alphaOf(candidate.name) ?? options.alpha;
    if (options.adalora !== undefined) return adaptByRanks(candidate, options, options.adalora);
    const scale = alpha / (options.useRsLora ? Math.sqrt(rank) : rank);
    return adapt(candidate, options.useDora === true ? dora : lora, { rank, scale });
  });
}

/** As PEFT: one rank and alpha for all, and a scale that stays when ranks are taken away. */
function adaptByRanks(
  at: LayerMatrix,
  { rank, alpha }: LoraOptions,
  { kept }: AdaLoraOptions,
): AdaptedMatrix {
  const held = kept?.[at.name]?.filter(Boolean).length ?? rank;
  return adapt(at, adalora, { rank: held, scale: adaLoraScale(alpha > 0 ? alpha : rank, rank) });
}

/**
 * A rank above a matrix's smaller side adds nothing but work.
 * @throws VultuneError LORA_RANK
 */
export function requireFittingRanks(adapted: readonly AdaptedMatrix[], option: 'lora_r' | 'init_r'): void {
  for (const { name, matrix, tensors } of adapted) {
    const rank = tensors[0]!.shape[0]!;
    const most = Math.min(matrix.inputSize, matrix.outputSize);
    if (rank <= most) continue;
    throw new VultuneError(
      'LORA_RANK',
      `the rank ${rank} is larger than "${name}", which is ${matrix.outputSize} x ${matrix.inputSize}`,
      {
        where: { name: option },
        hint: `Set ${option} to at most ${most}, or give the matrix a rank of its own in rank_pattern.`,
      },
    );
  }
}
