/**
 * @file Refuses what is not a score: a NaN compares as false with every threshold, and would read as "safe". The one place where
 * a model's numbers are held to being numbers, before anything is cached, labelled or counted.
 */
import { VultuneError } from '../base/errors.ts';

export interface ScoredFunctions {
  /** The functions' texts. */
  readonly codes: readonly string[];
  /** How the caller calls a function, by its place in `codes`. */
  readonly nameOf?: ((index: number) => string | undefined) | undefined;
  readonly adapterFolder: string;
}

/** @throws VultuneError SCORE_NOT_FINITE for the first logit, [functions, width], that is not a finite number */
export function requireFiniteLogits(logits: ArrayLike<number>, scored: ScoredFunctions, width = 2): void {
  for (let i = 0; i < logits.length; i++) {
    if (!Number.isFinite(logits[i])) throw notFinite('a logit of', logits[i]!, Math.floor(i / width), scored);
  }
}

/** @throws VultuneError SCORE_NOT_FINITE for the first score that is not a number from 0 to 1 */
export function requireProbabilities(scores: ArrayLike<number>, scored: ScoredFunctions): void {
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!(score >= 0 && score <= 1)) throw notFinite('a calibrated score of', score, i, scored);
  }
}

/** @throws VultuneError SCORE_NOT_FINITE for the first relevance of a token that is not a finite number */
export function requireFiniteRelevance(
  relevance: ArrayLike<number>,
  index: number,
  scored: ScoredFunctions,
): void {
  for (let i = 0; i < relevance.length; i++) {
    if (!Number.isFinite(relevance[i])) throw notFinite('a gradient of', relevance[i]!, index, scored);
  }
}

function notFinite(what: string, found: number, index: number, scored: ScoredFunctions): VultuneError {
  const { codes, nameOf, adapterFolder } = scored;
  const beginning = (codes[index] ?? '')
    .trimStart()
    .split(/[\r\n]/, 1)[0]!
    .slice(0, 80);
  const name = nameOf?.(index);
  const called = name === undefined ? '' : ` ${name}`;
  return new VultuneError(
    'SCORE_NOT_FINITE',
    `the model gives ${what} ${found} for the function${called} that begins "${beginning}", expected a finite number`,
    {
      where: { file: adapterFolder, ...(name === undefined ? {} : { name }) },
      hint: 'The weights of the adapter or of its base model are damaged, or too large for float32: do not rely on any score of this model.',
    },
  );
}
