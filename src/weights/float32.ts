/** @file A matrix as it is: one part, its values. */
import type { WeightFormat } from './weight-format.ts';

export const float32: WeightFormat = {
  name: 'float32',
  encode: (values) => ({ values }),
  read: (_b, shape, part) => part('values', 'float32', shape),
};
