/** @file A matrix held as its file has it (GGUF's blocks, bfloat16), and decoded to float32 anew for each use. */
import { float32 } from './float32.ts';
import type { WeightFormat } from './weight-format.ts';

export const asStored: WeightFormat = {
  ...float32,
  name: 'as-stored',
  describe: 'as the file has it, products in 32 bits',
  holdsStored: true,
};
