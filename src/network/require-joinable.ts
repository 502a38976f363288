/** @file Whether a model can read functions joined to one text: said before anything is computed. */
import { VultuneError } from '../base/errors.ts';
import { isCausal } from '../model/matrices.ts';
import type { Model } from '../model/spec.ts';

/**
 * Throws PACKING_UNSUPPORTED for an encoder, and TOKENS_PER_BATCH_TOO_LARGE above the positions that the model was trained
 * on; `path`: of the model.
 */
export function requireJoinable(
  { spec, path }: { readonly spec: Model; readonly path: string },
  tokensPerBatch: number,
): void {
  if (!isCausal(spec)) {
    throw new VultuneError(
      'PACKING_UNSUPPORTED',
      `packing is joined, which a ${spec.family} model cannot have: its tokens see those behind them, so every function would see all others of its sequence`,
      { where: { file: path, name: 'packing' }, hint: 'Use packing: isolated, or a decoder.' },
    );
  }
  const { maxPositions } = spec;
  if (tokensPerBatch <= maxPositions) return;
  throw new VultuneError(
    'TOKENS_PER_BATCH_TOO_LARGE',
    `tokens_per_batch is ${tokensPerBatch}, but joined functions are one text, and the model reads ${maxPositions} positions`,
    {
      where: { file: path, name: 'tokens_per_batch' },
      hint: `Set tokens_per_batch to at most ${maxPositions} (and max_length with it), or use packing: isolated.`,
    },
  );
}
