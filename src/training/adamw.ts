/**
 * @file AdamW (Loshchilov & Hutter 2019) as PyTorch computes it: weight decay apart from the gradient, bias-corrected
 * moments. Arithmetic is in float64, state in float32.
 */
import type { HostTensor } from '../tensor/host-tensor.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export type Float32Map = ReadonlyMap<string, Float32Array>;

export const zerosLike = (
  parameters: ReadonlyMap<string, HostTensor<'float32'>>,
): Map<string, Float32Array> =>
  new Map([...parameters].map(([key, { data }]) => [key, new Float32Array(data.length)]));

export interface AdamWState {
  readonly firstMoment: Float32Map;
  readonly secondMoment: Float32Map;
  /** Steps done. */
  step: number;
}

/**
 * One update in place: parameters and moments change, gradients (already clipped) are read. `learningRate` of a parameter by its
 * key, or of all.
 */
export function adamWStep(
  parameters: ReadonlyMap<string, HostTensor<'float32'>>,
  gradients: Float32Map,
  state: AdamWState,
  learningRate: number | ((key: string) => number),
  { beta1, beta2, epsilon, weightDecay }: AdamWOptions,
): void {
  state.step++;
  const correction1 = 1 - beta1 ** state.step;
  const correction2 = Math.sqrt(1 - beta2 ** state.step);
  for (const [key, { data }] of parameters) {
    const ownRate = typeof learningRate === 'number' ? learningRate : learningRate(key);
    const keep = 1 - ownRate * weightDecay;
    const rate = ownRate / correction1;
    const gradient = gradients.get(key)!;
    const first = state.firstMoment.get(key)!;
    const second = state.secondMoment.get(key)!;
    for (let i = 0; i < data.length; i++) {
      const g = gradient[i]!;
      const m = beta1 * first[i]! + (1 - beta1) * g;
      const v = beta2 * second[i]! + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      data[i] = keep * data[i]! - (rate * m) / (Math.sqrt(v) / correction2 + epsilon);
    }
  }
}
