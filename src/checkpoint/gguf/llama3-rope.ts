/**
 * @file Llama 3's stretched rotary frequencies, recovered from the table llama.cpp stores instead of their parameters.
 * Formula: Hugging Face's `llama3` rope type (transformers/modeling_rope_utils.py).
 */
import { VultuneError } from '../../base/errors.ts';

export interface Llama3Rope extends Record<string, unknown> {
  readonly rope_type: 'llama3';
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  readonly original_max_position_embeddings: number;
}

/** Divisor of each frequency, [head_dim / 2]: 1 for short wavelengths, `factor` for long ones, smooth between. */
export function llama3Factors(ropeTheta: number, count: number, rope: Llama3Rope): number[] {
  return Array.from({ length: count }, (_, i) => {
    const turns = turnsOf(ropeTheta, count, i) * rope.original_max_position_embeddings;
    if (turns > rope.high_freq_factor) return 1;
    if (turns < rope.low_freq_factor) return rope.factor;
    const smooth = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
    return 1 / ((1 - smooth) / rope.factor + smooth);
  });
}

/** Turns per token of frequency i: 1 / wavelength. */
function turnsOf(ropeTheta: number, count: number, i: number): number {
  return ropeTheta ** (-i / count) / (2 * Math.PI);
}

/** Largest relative difference between the stored (float32) and the recomputed table. */
const TOLERANCE = 1e-4;

/**
 * Parameters that give these factors. Scaling low, high and the original length together changes nothing, so low is 1.
 * Throws GGUF_ROPE when no parameters give them.
 */
export function llama3RopeFromFactors(file: string, ropeTheta: number, factors: Float32Array): Llama3Rope {
  const factor = Math.max(...factors);
  const usual = USUAL_LENGTHS.map((length) => llama3(factor, RELEASED_HIGH, length));
  const found = [...usual, fromSlope(ropeTheta, factors, factor)].find((rope) => {
    if (rope === undefined) return false;
    const again = llama3Factors(ropeTheta, factors.length, rope);
    return again.every((value, i) => Math.abs(value / factors[i]! - 1) < TOLERANCE);
  });
  if (found !== undefined) return found;
  throw new VultuneError('GGUF_ROPE', `${file}: the rotary factors in rope_freqs.weight are not Llama 3's`, {
    where: { file, name: 'rope_freqs.weight' },
    hint: "Use the model's safetensors checkpoint.",
  });
}

/** The released Llamas' first, then powers of two: the few factors of a small head fit several lengths, all one model. */
const USUAL_LENGTHS = [8192, 131072, ...Array.from({ length: 17 }, (_, i) => 2 ** (i + 4))];

/** `high_freq_factor` of every released Llama, with a `low_freq_factor` of 1. */
const RELEASED_HIGH = 4;

function llama3(factor: number, high: number, original: number): Llama3Rope {
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: 1,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  };
}

/**
 * The smooth part s = (original turns - low) / (high - low) is a line over turns: two of its points give it.
 * The length is rounded, as config.json has it.
 */
function fromSlope(ropeTheta: number, factors: Float32Array, factor: number): Llama3Rope | undefined {
  const points = [...factors].flatMap((value, i) => {
    const smooth = (1 / value - 1 / factor) / (1 - 1 / factor);
    return smooth > 1e-3 && smooth < 1 - 1e-3
      ? [{ turns: turnsOf(ropeTheta, factors.length, i), smooth }]
      : [];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const slope = (first.smooth - last.smooth) / (first.turns - last.turns);
  const intercept = first.smooth - slope * first.turns; // -low / (high - low)
  const high = 1 - 1 / intercept;
  return llama3(factor, high, Math.round(slope * (high - 1)));
}
