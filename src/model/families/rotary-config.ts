/** @file The rotary embedding of a config.json: `rope_parameters` (Transformers 5) or `rope_theta` + `rope_scaling`. */
import type { Rotary, RotaryScaling } from '../spec.ts';
import type { ConfigReader } from './config-reader.ts';

/** @param size features of a head that are turned */
export function readRotary(config: ConfigReader, size: number): Rotary {
  const section = config.section('rope_parameters', 'rope_scaling');
  const base = config.positive('rope_theta', 10_000);
  return {
    base: section?.positive('rope_theta', base) ?? base,
    scaling: section === undefined ? { kind: 'default' } : readScaling(section),
    size,
  };
}

function readScaling(section: ConfigReader): RotaryScaling {
  const kind = section.text('rope_type', section.text('type', 'default'));
  switch (kind) {
    case 'default':
      return { kind };
    case 'linear':
      return { kind, factor: section.positive('factor') };
    case 'llama3': {
      const low = section.positive('low_freq_factor');
      const high = section.positive('high_freq_factor');
      if (high <= low)
        throw section.unsupported('high_freq_factor', high, `more than low_freq_factor (${low})`);
      return {
        kind,
        factor: section.positive('factor'),
        lowFrequencyFactor: low,
        highFrequencyFactor: high,
        originalMaxPositions: section.size('original_max_position_embeddings'),
      };
    }
    default:
      throw section.unsupported('rope_type', kind, 'default, linear, llama3');
  }
}
