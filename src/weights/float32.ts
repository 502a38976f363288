/** @file A matrix as it is: one part, its values. */
import { productOfRead, type WeightFormat } from './weight-format.ts';

const read: WeightFormat['read'] = (_b, shape, part) => part('values', 'float32', shape);

export const float32: WeightFormat = {
  name: 'float32',
  describe: '32 bits a weight',
  encode: (values) => ({ values }),
  read,
  product: productOfRead(read),
  sizeBytes: ([rows, columns]) => 4 * rows * columns,
};
