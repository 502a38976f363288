/**
 * @file Cosines and sines of the rotary embedding: theta_i = base^(-2i/d), angle = position * theta_i, with theta rescaled
 * as Transformers does it (modeling_rope_utils).
 */
import { float32, type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { Rotary, RotaryScaling } from './spec.ts';

export interface RotaryTable {
  readonly cos: HostTensor<'float32'>; // [positions, size/2]
  readonly sin: HostTensor<'float32'>; // [positions, size/2]
}

/** What of its own frequency a feature turns with: theta_i -> theta_i', for i of size/2. */
function rescale(theta: number, i: number, { base, scaling, size }: Rotary): number {
  switch (scaling.kind) {
    case 'default':
      return theta;
    case 'linear':
      return theta / scaling.factor;
    case 'llama3': {
      // Short waves stay, long ones are stretched by the factor, those between are blended.
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions } = scaling;
      const waves = (originalMaxPositions * theta) / (2 * Math.PI);
      if (waves > high) return theta;
      if (waves < low) return theta / factor;
      const blend = (waves - low) / (high - low);
      return (1 - blend) * (theta / factor) + blend * theta;
    }
    case 'yarn': {
      const [low, high] = yarnRange(scaling, base, size);
      const stretched = Math.min(Math.max((i - low) / (high - low), 0), 1);
      return (theta / scaling.factor) * stretched + theta * (1 - stretched);
    }
    case 'divided':
      return theta / scaling.divisors[i]!;
  }
}

/** Features below the first keep their frequency, above the second they are stretched; between, both are blended. */
function yarnRange(
  scaling: Extract<RotaryScaling, { readonly kind: 'yarn' }>,
  base: number,
  size: number,
): readonly [number, number] {
  // The feature that turns so often over the positions of the first training.
  const feature = (turns: number) =>
    (size * Math.log(scaling.originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [first, last] = [feature(scaling.fastTurns), feature(scaling.slowTurns)];
  const low = Math.max(scaling.truncated ? Math.floor(first) : first, 0);
  const high = Math.min(scaling.truncated ? Math.ceil(last) : last, size - 1);
  return [low, low === high ? high + 0.001 : high];
}

/** Angles per position, [size/2]. */
export function rotaryFrequencies(rotary: Rotary): HostTensor<'float32'> {
  const half = rotary.size / 2;
  const theta = Array.from({ length: half }, (_, i) => rescale(rotary.base ** (-i / half), i, rotary));
  return float32([half], theta);
}

export function rotaryTable(rotary: Rotary, positions: number): RotaryTable {
  const frequencies = rotaryFrequencies(rotary).data;
  const half = frequencies.length;
  const { scaling } = rotary;
  const factor = 'attentionFactor' in scaling ? scaling.attentionFactor : 1;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      // Transformers multiplies in float32.
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = Math.cos(angle) * factor;
      sin[position * half + i] = Math.sin(angle) * factor;
    }
  }
  return {
    cos: hostTensor('float32', [positions, half], cos),
    sin: hostTensor('float32', [positions, half], sin),
  };
}
