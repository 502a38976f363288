/** @file Refuses logits that are not numbers: they would read as the first token of the vocabulary. */
import { VultuneError } from '../base/errors.ts';

/** @param prompt its place, from 0 */
export const notFinite = (prompt: number): VultuneError =>
  new VultuneError(
    'LOGITS_NOT_FINITE',
    `the model's scores of the token after prompt ${prompt + 1} are not finite numbers`,
    { hint: 'The weights of the model or its adapter are damaged, or too large for float32.' },
  );
