/** @file Keys of a training configuration: how the base model's weights are held. */
import { z } from '../../schema/zod.ts';

export const baseWeights = {
  load_in_8bit: z
    .boolean()
    .default(false)
    .describe(
      'Hold the matrices of the blocks in 8 bits, row by row as bitsandbytes does: a quarter of the memory.',
    ),
  int8_matmul: z
    .enum(['exact', 'fast'])
    .default('exact')
    .describe(
      'How load_in_8bit multiplies: exact rounds the weights alone; fast also rounds what they are multiplied with, to 8 bits a row.',
    ),
  int8_smoothing: z
    .enum(['auto', 'off'])
    .default('auto')
    .describe(
      'With int8_matmul: fast, auto measures the base model on a few functions when a run begins, and moves features that are far larger than the others into the weights, by factors kept with the run, where that lowers the error (SmoothQuant); off multiplies without.',
    ),
  load_in_4bit: z
    .boolean()
    .default(false)
    .describe(
      'Hold the matrices of the blocks in 4 bits, in blocks of 64 as bitsandbytes does (QLoRA): an eighth of the memory.',
    ),
  bnb_4bit_quant_type: z
    .enum(['nf4', 'fp4'])
    .default('nf4')
    .describe('Which 16 numbers load_in_4bit rounds to: NF4, made for normal weights, or FP4.'),
  bnb_4bit_use_double_quant: z
    .boolean()
    .default(false)
    .describe(
      'With load_in_4bit, hold the factors of the blocks in 8 bits too: 4.1 bits a weight instead of 4.5.',
    ),
  weights: z
    .enum(['float32', 'as_stored'])
    .default('float32')
    .describe(
      'float32, or as_stored: the matrices of the blocks stay as the file has them (GGUF blocks, bfloat16) and are decoded for each use; less memory, slower.',
    ),
};
