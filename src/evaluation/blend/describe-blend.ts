/** @file What users are told of a blend, in the same words wherever its scores are shown. */
import type { Blend } from './blend.ts';

const WHAT = 'model, TF-IDF and length';

/** For a table's footnote. */
export function blendNote({ used, rocAuc }: Pick<Blend, 'used' | 'rocAuc'>, isCrossFitted = false): string {
  const use = used ? 'scan and predict use it' : 'scan and predict use the model alone';
  return `${WHAT}${isCrossFitted ? ', cross-fitted here' : ''}; ${use} (${areas(rocAuc)})`;
}

/** Which scores are shown. */
export function scoresNote({ rocAuc }: Pick<Blend, 'rocAuc'>): string {
  return `scores are of the blend of ${WHAT} (${areas(rocAuc)}); --no-blend gives the model's own`;
}

/** Three digits, or as many as it takes to show that the two differ (six at most). */
function areas({ model, blend }: Blend['rocAuc']): string {
  const digits = [3, 4, 5].find((count) => model.toFixed(count) !== blend.toFixed(count)) ?? 6;
  const shown = model === blend ? 3 : digits;
  return `validation ROC AUC ${blend.toFixed(shown)} cross-fitted, model ${model.toFixed(shown)}`;
}
