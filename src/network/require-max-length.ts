/** @file Whether a model can read as many tokens of a function as it is asked to: said before anything is computed. */
import { VultuneError } from '../base/errors.ts';
import type { Model } from '../model/spec.ts';

/** Throws MAX_LENGTH_TOO_LARGE above the positions that the model cannot exceed; `path`: of the model. */
export function requireMaxLength(
  { spec, path }: { readonly spec: Model; readonly path: string },
  maxLength: number,
): void {
  const { positionLimit: limit } = spec;
  if (limit === undefined || maxLength <= limit) return;
  throw new VultuneError(
    'MAX_LENGTH_TOO_LARGE',
    `max_length is ${maxLength}, but the model has ${limit} positions: ${reason(spec)}`,
    { where: { file: path, name: 'max_length' }, hint: `Set max_length to at most ${limit}.` },
  );
}

function reason({ embedding, layers }: Model): string {
  if (embedding.positions !== undefined) return 'it learned an embedding for each of them';
  const scalings = layers.map(({ block }) => block.attention.rotary?.scaling.kind);
  return scalings.includes('divided')
    ? 'beyond them its rotary frequencies depend on the longest text of a batch (longrope)'
    : 'beyond them it computes otherwise, or not at all (n_positions, or rope_type dynamic)';
}
