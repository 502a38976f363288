/** @file The lines of `predict`: raw scores beside calibrated ones, another base rate without another label. */
import { expect, test } from 'vitest';
import { predictionLines } from '../../../src/cli/predict/run-predict.ts';
import { shiftPrior } from '../../../src/evaluation/prevalence.ts';
import { type PredictionScale, predictionsOf } from '../../../src/workflows/predict/predict.ts';

const inputs = [
  { id: 'a', code: 'f()' },
  { id: 'b', code: 'g()' },
];
const judgements = {
  logits: Float32Array.of(0, 1, 2, 0),
  logOdds: Float64Array.of(1, -2),
  scores: Float64Array.of(0.6, 0.2),
  rawScores: Float64Array.of(0.9, 0.1),
  truncated: [false, true],
};
const lines = (scale: PredictionScale) =>
  predictionLines(predictionsOf(inputs, judgements, scale))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('without a calibration there is one score', () => {
  expect(lines({ threshold: 0.5, logits: true, isCalibrated: false })).toEqual([
    { id: 'a', score: 0.6, label: 1, truncated: false, logits: [0, 1] },
    { id: 'b', score: 0.2, label: 0, truncated: true, logits: [2, 0] },
  ]);
});

test('at another base rate scores move and labels stay', () => {
  const shift = (score: number) => shiftPrior(score, 0.5, 0.1);
  expect(lines({ threshold: 0.5, logits: false, isCalibrated: true, shift })).toEqual([
    // Odds of 1.5, times a ninth.
    {
      id: 'a',
      score: expect.closeTo(1.5 / 9 / (1 + 1.5 / 9), 12),
      raw_score: 0.9,
      label: 1,
      truncated: false,
    },
    {
      id: 'b',
      score: expect.closeTo(0.25 / 9 / (1 + 0.25 / 9), 12),
      raw_score: 0.1,
      label: 0,
      truncated: true,
    },
  ]);
});
