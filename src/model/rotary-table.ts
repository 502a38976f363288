/**
 * @file Cosines and sines of the rotary embedding: theta_i = base^(-2i/d), angle = position * theta_i, with the linear
 * and Llama 3 rescalings of theta as Transformers computes them (modeling_rope_utils).
 */
import { float32, type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { Rotary, RotaryScaling } from './spec.ts';

export interface RotaryTable {
  readonly cos: HostTensor<'float32'>; // [positions, size/2]
  readonly sin: HostTensor<'float32'>; // [positions, size/2]
}

function rescale(theta: number, scaling: RotaryScaling): number {
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
  }
}

/** Angles per position, [size/2]. */
export function rotaryFrequencies({ base, scaling, size }: Rotary): HostTensor<'float32'> {
  const half = size / 2;
  const theta = Array.from({ length: half }, (_, i) => rescale(base ** (-i / half), scaling));
  return float32([half], theta);
}

export function rotaryTable(rotary: Rotary, positions: number): RotaryTable {
  const frequencies = rotaryFrequencies(rotary).data;
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      // Transformers multiplies in float32.
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return {
    cos: hostTensor('float32', [positions, half], cos),
    sin: hostTensor('float32', [positions, half], sin),
  };
}
