/** @file Which matrices of a model get a low-rank update, and how large: PEFT's options resolved against a model. */
import { VultuneError } from '../base/errors.ts';
import type { Head } from '../heads/head.ts';
import { type LayerMatrix, layerMatrices, matricesOf } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';
import { type AdaptedMatrix, adapt } from './adapted-matrix.ts';
import { lora } from './lora.ts';
import { nameEndPattern, namePattern } from './name-pattern.ts';

/** `last`: only the last k layers. */
export type LayerSelection = 'all' | { readonly last: number } | readonly number[];

export interface LoraOptions {
  readonly rank: number;
  readonly alpha: number;
  /** Probability of dropping an input of A, in [0, 1). */
  readonly dropout: number;
  /** Ends of module names (`q_proj`, `self_attn.q_proj`, `model.layers.3.mlp.up_proj`), a regular expression for whole names, or all. */
  readonly targetModules: 'all-linear' | readonly string[] | { readonly pattern: string };
  readonly layers: LayerSelection;
  /** Scale by alpha / sqrt(r) instead of alpha / r. */
  readonly useRsLora: boolean;
  /** Rank and alpha of single modules, by the end of their name, as PEFT's rank_pattern and alpha_pattern. */
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
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
export function targetMatcher(targets: LoraOptions['targetModules']): (name: string) => boolean {
  if (targets === 'all-linear') return () => true;
  if ('pattern' in targets) return namePattern(targets.pattern, 'target_modules');
  const wanted = new Set(targets);
  return (name) => endsOf(name).some((end) => wanted.has(end));
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
 * pattern is no regular expression.
 */
export function planLora(
  model: Model,
  options: LoraOptions,
  head?: Pick<Head, 'matrices' | 'parameters'>,
): readonly AdaptedMatrix[] {
  const { targetModules } = options;
  const inHead = headMatrices(head);
  const candidates = [
    ...layerMatrices(model, selectedLayers(options.layers, model.layers.length)),
    // PEFT's layers_to_transform leaves out what is in no layer.
    ...(options.layers === 'all' ? inHead : []),
  ];
  const isTarget = targetMatcher(targetModules);
  const chosen = candidates.filter(({ name }) => isTarget(name));
  // A name that fits nothing is a mistake, also where only some layers are adapted.
  const everything = [...layerMatrices(model), ...inHead];
  // PEFT lists the head's own matrices too where it was asked for all, and adapts none of what is trained whole.
  const inTrainedHead = (head?.parameters ?? []).map(({ name }) => name.replace(/\.[^.]*$/, ''));
  const ends = new Set([...everything.map(({ name }) => name), ...inTrainedHead].flatMap(endsOf));
  const wanted = Array.isArray(targetModules) ? (targetModules as readonly string[]) : [];
  const idle = [...new Set(wanted)].filter((target) => !ends.has(target));
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
    return adapt(candidate, lora, { rank, scale: alpha / (options.useRsLora ? Math.sqrt(rank) : rank) });
  });
}
