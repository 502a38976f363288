/**
 * @file AdaLoRA (Zhang et al. 2023, arXiv:2303.10512): the update is P L Q in the form of a singular value decomposition,
 * y = x W^T + s (x (L Q)^T) P^T, whose values L are set to zero where they matter least (adalora-ranks.ts). PEFT's names:
 * Q is lora_A [r, in], L lora_E [r, 1], P lora_B [out, r].
 */
import type { Adapter } from './adapter.ts';
import { addLowRank } from './low-rank.ts';

export interface AdaLoraMatrixOptions {
  /** How many values are held; 0 where none was kept. */
  readonly rank: number;
  /** s: alpha over the rank at the beginning, which stays when ranks are taken away. */
  readonly scale: number;
}

export const RIGHT = 'lora_A';
export const VALUES = 'lora_E';
export const LEFT = 'lora_B';

/** Standard deviation of the first values of both sides, as PEFT draws them. */
const DEVIATION = 0.02;

/** PEFT divides by a rank that may be 0. */
export const adaLoraScale = (alpha: number, initialRank: number): number => alpha / (initialRank + 1e-5);

export const adalora: Adapter<AdaLoraMatrixOptions> = {
  kind: 'ADALORA',
  tensors: ({ inputSize, outputSize }, { rank }) => [
    { name: RIGHT, shape: [rank, inputSize], first: { kind: 'normal', deviation: DEVIATION } },
    { name: VALUES, shape: [rank, 1], first: { kind: 'zero' } },
    { name: LEFT, shape: [outputSize, rank], first: { kind: 'normal', deviation: DEVIATION } },
  ],
  product: ({ builder: b, dropped, base, trained }, { rank, scale }) => {
    const y = base();
    if (rank === 0) return y;
    const right = b.mul(trained(RIGHT), trained(VALUES)); // [r, in]
    const low = b.matmul(dropped(), right, { transposeB: true }); // [N, r]
    return b.add(y, b.matmul(low, trained(LEFT), { transposeB: true, alpha: scale }));
  },
  merged: (weight, trained, { scale }) =>
    addLowRank(weight, trained(LEFT), trained(RIGHT), scale, trained(VALUES)),
};
