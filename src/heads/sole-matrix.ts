/** @file Whether a head is one matrix on the pooled states, which a linear classifier fitted from outside could be. */
import type { Head, HeadParameter } from './head.ts';

/** The matrix, [C, D]; undefined where the head has another one, of its own or of the base model. Biases may stand beside it. */
export function soleMatrix({ parameters, matrices = [] }: Head): HeadParameter | undefined {
  const [matrix, ...others] = parameters.filter(({ shape }) => shape.length > 1);
  const isSole = others.length === 0 && matrices.length === 0;
  const isTrained = parameters.every(({ first }) => first !== undefined);
  return isSole && isTrained ? matrix : undefined;
}
