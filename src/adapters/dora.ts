/**
 * @file DoRA (Liu et al. 2024, arXiv:2402.09353): the rows of W + s B A are scaled to trained lengths m,
 *
 *   y = m / |W + s B A| (x W^T + s (x A^T) B^T) + bias
 *
 * with the lengths |.| taken for constants in the gradient (the paper's 4.3). As in PEFT, dropout applies to both products that
 * are added, while the base model's own reads its whole input: y = x W^T + (m / |.| - 1) d(x) W^T + m / |.| s (d(x) A^T) B^T + bias.
 */
import type { Adapter } from './adapter.ts';
import { type LoraMatrixOptions, lora } from './lora.ts';
import { addLowRank, rowNorms } from './low-rank.ts';

export const MAGNITUDE = 'lora_magnitude_vector';

export const dora: Adapter<LoraMatrixOptions> = {
  kind: 'DORA',
  tensors: (matrix, options) => [
    ...lora.tensors(matrix, options),
    // B is zero at first: the lengths of W are those of W + s B A.
    { name: MAGNITUDE, shape: [matrix.outputSize], first: { kind: 'from base', make: rowNorms } },
  ],
  product: ({ builder: b, dropped, base, unbiased, weight, trained }, { scale }) => {
    const [A, B] = [trained('lora_A.weight'), trained('lora_B.weight')];
    const changed = b.add(weight(), b.matmul(B, A, { alpha: scale })); // [out, in]
    const lengths = b.stopGradient(b.sqrt(b.reduceSum(b.mul(changed, changed), [1]))); // [out]
    const factor = b.div(trained(MAGNITUDE), lengths);
    const y = base(); // [N, out]
    const x = dropped();
    const low = b.matmul(b.matmul(x, A, { transposeB: true }), B, { transposeB: true, alpha: scale });
    const own = b.mul(unbiased(x), b.sub(factor, b.scalar(1)));
    return b.add(y, b.add(own, b.mul(low, factor)));
  },
  merged: (weight, trained, { scale }) => {
    const changed = addLowRank(weight, trained('lora_B.weight'), trained('lora_A.weight'), scale);
    const lengths = rowNorms(changed);
    const magnitudes = trained(MAGNITUDE).data;
    const width = weight.shape[1]!;
    const data = changed.data.map((value, i) => {
      const row = Math.floor(i / width);
      return (value * magnitudes[row]!) / lengths[row]!;
    });
    return { ...changed, data };
  },
};
