/** @file The baselines that stand beside every score, in the table's order. */
import { allPositive } from './all-positive.ts';
import type { Baseline } from './baseline.ts';
import { lengthOnly } from './length-only.ts';
import { nearestNeighbour } from './nearest-neighbour.ts';
import { random } from './random.ts';
import { tfidfLogisticRegression } from './tfidf-logistic-regression.ts';

export const baselineRegistry: readonly Baseline[] = [
  allPositive,
  random,
  lengthOnly,
  tfidfLogisticRegression,
  nearestNeighbour,
];
