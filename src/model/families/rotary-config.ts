/**
 * @file The rotary embedding of a config.json: `rope_parameters` (Transformers 5) or `rope_theta` + `rope_scaling`, with the
 * formulas of Transformers' modeling_rope_utils.
 */
import type { Rotary, RotaryScaling } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';

export interface RotaryConfig {
  readonly rotary: Rotary;
  /**
   * Positions up to which the frequencies are these. Beyond, Transformers takes others, by the longest text of a batch: what a
   * text gets would depend on its neighbours.
   */
  readonly positionLimit?: number;
}

export interface RotaryDefaults {
  /** Share of a head's features that turn. */
  readonly share?: number;
  readonly base?: number;
  /** Where the file says the base beside the section; default: `rope_theta`. */
  readonly baseKey?: string;
}

const LAYER_TYPES = ['full_attention', 'sliding_attention'];

/**
 * The section that holds for every layer; undefined where there is none.
 * Throws MODEL_FEATURE_UNSUPPORTED where it has one for each kind of layer: a reader of one would pass over all of them.
 */
export function ropeSection(config: ConfigReader): ConfigReader | undefined {
  const section = config.section('rope_parameters', 'rope_scaling');
  const nested = section?.keys().find((key) => LAYER_TYPES.includes(key));
  if (nested === undefined) return section;
  throw config.unsupported('rope_parameters', { [nested]: {} }, 'one set of parameters for all layers');
}

/**
 * The section that has one for each kind of layer; undefined where there is none.
 * Throws MODEL_FEATURE_UNSUPPORTED for anything else in it, which Transformers would pass over.
 */
export function ropeSectionsByLayerType(config: ConfigReader): ConfigReader | undefined {
  const sections = config.section('rope_parameters');
  const other = sections?.keys().find((key) => !LAYER_TYPES.includes(key));
  if (other !== undefined) {
    throw config.unsupported('rope_parameters', { [other]: {} }, `a map of ${LAYER_TYPES.join(', ')}`);
  }
  const scaling = config.section('rope_scaling');
  if (sections !== undefined && scaling !== undefined) {
    throw config.unsupported(
      'rope_scaling',
      Object.fromEntries(scaling.keys().map((key) => [key, 0])),
      'null beside rope_parameters',
    );
  }
  return sections;
}

/**
 * @param headSize d
 * @param defaults where the file does not say it
 * @param section what the file says of these layers
 */
export function readRotary(
  config: ConfigReader,
  headSize: number,
  { share = 1, base: usualBase = 10_000, baseKey = 'rope_theta' }: RotaryDefaults,
  section: ConfigReader | undefined,
): RotaryConfig {
  const base = config.positive(baseKey, usualBase);
  const told = config.positive('partial_rotary_factor', share);
  const size = Math.trunc(headSize * (section?.positive('partial_rotary_factor', told) ?? told));
  if (size > headSize || size < 2 || size % 2 !== 0) {
    throw config.unsupported(
      'partial_rotary_factor',
      size / headSize,
      `an even number of a head's ${headSize} features`,
    );
  }
  const { scaling, positionLimit } =
    section === undefined ? { scaling: { kind: 'default' } as const } : readScaling(config, section, size);
  const rotary = {
    base: section?.positive('rope_theta', base) ?? base,
    scaling,
    size,
    ...(size < headSize && { headSize }),
  };
  return positionLimit === undefined ? { rotary } : { rotary, positionLimit };
}

function readScaling(
  config: ConfigReader,
  section: ConfigReader,
  size: number,
): { readonly scaling: RotaryScaling; readonly positionLimit?: number } {
  // A factor of nothing is a slip in the name of the type.
  const usual = section.keys().includes('factor') ? undefined : 'default';
  const isOld = section.keys().includes('type') && !section.keys().includes('rope_type');
  const kind = isOld ? section.text('type') : section.text('rope_type', usual);
  switch (kind) {
    case 'default':
      return { scaling: { kind } };
    case 'linear':
      return { scaling: { kind, factor: section.positive('factor') } };
    case 'llama3':
      return { scaling: llama3(section) };
    case 'yarn':
      return { scaling: yarn(config, section) };
    case 'dynamic':
      // The base grows with the longest text only where that is longer than this.
      return { scaling: { kind: 'default' }, positionLimit: config.size('max_position_embeddings', 2048) };
    case 'longrope':
    case 'su': {
      const original = originalPositions(config, section);
      const divisors = section.positives('short_factor', size / 2);
      const attentionFactor = longRopeFactor(config, section, original);
      return { scaling: { kind: 'divided', divisors, attentionFactor }, positionLimit: original };
    }
    default:
      throw section.unsupported('rope_type', kind, 'default, linear, llama3, yarn, dynamic, longrope');
  }
}

function llama3(section: ConfigReader): RotaryScaling {
  const low = section.positive('low_freq_factor');
  const high = section.positive('high_freq_factor');
  if (high <= low) throw section.unsupported('high_freq_factor', high, `more than low_freq_factor (${low})`);
  return {
    kind: 'llama3',
    factor: section.positive('factor'),
    lowFrequencyFactor: low,
    highFrequencyFactor: high,
    originalMaxPositions: section.size('original_max_position_embeddings'),
  };
}

/** Peng et al. 2023. */
function yarn(config: ConfigReader, section: ConfigReader): RotaryScaling {
  const original = originalPositions(config, section);
  const factor = section.positive('factor', config.size('max_position_embeddings', original) / original);
  const magnitude = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const [mscale, mscaleAll] = [section.number('mscale', 0), section.number('mscale_all_dim', 0)];
  const told = mscale !== 0 && mscaleAll !== 0 ? magnitude(mscale) / magnitude(mscaleAll) : magnitude(1);
  return {
    kind: 'yarn',
    factor,
    originalMaxPositions: original,
    fastTurns: section.positive('beta_fast', 32),
    slowTurns: section.positive('beta_slow', 1),
    truncated: section.flag('truncate', true),
    attentionFactor: section.positive('attention_factor', told),
  };
}

/** Ding et al. 2024. */
function longRopeFactor(config: ConfigReader, section: ConfigReader, original: number): number {
  const factor = section.positive('factor', config.size('max_position_embeddings', original) / original);
  const computed = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  return section.positive('attention_factor', computed);
}

/** Phi-3 has it beside the section. */
function originalPositions(config: ConfigReader, section: ConfigReader): number {
  const key = 'original_max_position_embeddings';
  const beside = config.optionalSize(key) ?? config.optionalSize('max_position_embeddings');
  return section.size(key, beside);
}
