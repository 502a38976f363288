/** @file Clipping by the norm of all gradients together, as torch.nn.utils.clip_grad_norm_. */
import type { Float32Map } from './adamw.ts';

/** Scales gradients in place so that their Euclidean norm is at most `maxNorm` (undefined: never). Returns the norm before. */
export function clipGradients(gradients: Float32Map, maxNorm: number | undefined): number {
  let squares = 0;
  for (const gradient of gradients.values()) for (const g of gradient) squares += g * g;
  const norm = Math.sqrt(squares);
  const factor = maxNorm === undefined ? 1 : maxNorm / (norm + 1e-6);
  if (factor < 1) {
    for (const gradient of gradients.values()) {
      for (let i = 0; i < gradient.length; i++) gradient[i]! *= factor;
    }
  }
  return norm;
}
