/** @file The blend of a finished training: fitted with the TF-IDF of the baselines, and what of it goes beside the adapter. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { fitTfidfClassifier } from '../../evaluation/baselines/tfidf-classifier.ts';
import { tfidfClassifierOf } from '../../evaluation/baselines/tfidf-logistic-regression.ts';
import type { Blend } from '../../evaluation/blend/blend.ts';
import { formatBlend, MOST_NGRAMS } from '../../evaluation/blend/blend-file.ts';
import { type BlendData, type FittedBlend, fitBlend } from '../../evaluation/blend/fit-blend.ts';
import type { Comparison, ReadyBaseline } from '../../evaluation/compare-baselines.ts';
import { type MeasuredRanking, measuredRanking } from '../../evaluation/measured-ranking.ts';

/** `note`: what was left out of its TF-IDF, for a footnote. */
export type TrainedBlend =
  | (Extract<FittedBlend, { readonly crossFitted: unknown }> & { readonly note: string })
  | Exclude<FittedBlend, { readonly crossFitted: unknown }>;

/** Uses the baselines' TF-IDF where a file can hold it, else one of fewer n-grams. */
export function trainBlend(
  train: readonly LabelledRecord[],
  valid: BlendData,
  baselines: readonly ReadyBaseline[],
): TrainedBlend {
  const [own] = baselines.flatMap(({ fitted }) => tfidfClassifierOf(fitted) ?? []);
  const fits = own !== undefined && own.vectorizer.featureCount <= MOST_NGRAMS;
  const tfidf = fits ? own : fitTfidfClassifier(train, valid.records, MOST_NGRAMS);
  const fitted = fitBlend(valid, tfidf);
  if (fitted.blend === undefined) return fitted;
  // What cannot be kept would be shown and then not be there.
  if (formatBlend(fitted.blend) === undefined) return { blend: undefined, reason: TOO_LARGE };
  return { ...fitted, note: fits ? '' : `; its TF-IDF: ${tfidf.note}` };
}

const TOO_LARGE = 'the n-grams of its TF-IDF are too long for a file, or its numbers too large';

/** `text`: the file's. */
export type StorableBlend =
  | { readonly blend: Blend; readonly text: string }
  | { readonly blend: undefined; readonly reason: string };

/** With how well it ranks the split that the adapter is measured on. */
export function storableBlend(
  trained: TrainedBlend,
  split: MeasuredRanking['split'],
  comparison: Comparison,
): StorableBlend {
  if (trained.blend === undefined) return trained;
  const measured = comparison.blend && measuredRanking(split, comparison.blend);
  const blend: Blend = { ...trained.blend, measured };
  const text = formatBlend(blend);
  if (text === undefined) return { blend: undefined, reason: TOO_LARGE };
  return { blend, text };
}
