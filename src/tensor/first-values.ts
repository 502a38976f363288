/** @file The first values of trained tensors, drawn from our own seeded generator. */
import type { RandomStream } from '../base/random.ts';
import { sizeOf } from './host-tensor.ts';

export type FirstValues =
  /** In [-bound, bound). */
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'zero' };

export function drawFirstValues(
  first: FirstValues,
  shape: readonly number[],
  random: RandomStream,
): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  switch (first.kind) {
    case 'zero':
      return data;
    case 'uniform':
      return data.map(() => (2 * random.uniform() - 1) * first.bound);
    case 'normal':
      return data.map(() => first.deviation * random.normal());
  }
}
