/** @file LoRA (Hu et al. 2021): y = x W^T + s (x A^T) B^T, A [rank, in], B [out, rank]. */
import type { Adapter } from './adapter.ts';
import { addLowRank } from './low-rank.ts';

export interface LoraMatrixOptions {
  readonly rank: number;
  /** s */
  readonly scale: number;
}

export const lora: Adapter<LoraMatrixOptions> = {
  kind: 'LORA',
  // First values as PEFT draws them: A by Kaiming's rule with a = sqrt(5), B zero.
  tensors: ({ inputSize, outputSize }, { rank }) => [
    {
      name: 'lora_A.weight',
      shape: [rank, inputSize],
      first: { kind: 'uniform', bound: 1 / Math.sqrt(inputSize) },
    },
    { name: 'lora_B.weight', shape: [outputSize, rank], first: { kind: 'zero' } },
  ],
  product: ({ builder: b, dropped, base, trained }, { scale }) => {
    const y = base();
    const low = b.matmul(dropped(), trained('lora_A.weight'), { transposeB: true }); // [N, r]
    return b.add(y, b.matmul(low, trained('lora_B.weight'), { transposeB: true, alpha: scale }));
  },
  merged: (weight, trained, { scale }) =>
    addLowRank(weight, trained('lora_B.weight'), trained('lora_A.weight'), scale),
};
