/** @file The rotary embedding out of config.json: `rope_parameters` (Transformers 5) or `rope_theta` + `rope_scaling`. */
import type { RotaryScaling } from '../geometry.ts';
import type { ConfigReader } from './config-reader.ts';

export interface RotaryConfig {
  readonly rotaryBase: number;
  readonly rotaryScaling: RotaryScaling;
}

export function readRotary(config: ConfigReader): RotaryConfig {
  const section = config.section('rope_parameters', 'rope_scaling');
  const rotaryBase = section?.number('rope_theta', config.number('rope_theta', 10_000));
  return {
    rotaryBase: rotaryBase ?? config.number('rope_theta', 10_000),
    rotaryScaling: section === undefined ? { kind: 'default' } : readScaling(section),
  };
}

function readScaling(section: ConfigReader): RotaryScaling {
  const kind = section.text('rope_type', section.text('type', 'default'));
  switch (kind) {
    case 'default':
      return { kind };
    case 'linear':
      return { kind, factor: section.number('factor') };
    case 'llama3':
      return {
        kind,
        factor: section.number('factor'),
        lowFrequencyFactor: section.number('low_freq_factor'),
        highFrequencyFactor: section.number('high_freq_factor'),
        originalMaxPositions: section.size('original_max_position_embeddings'),
      };
    default:
      throw section.unsupported('rope_type', kind, 'default, linear, llama3');
  }
}
