/** @file The verdict on a model: chance, its best baseline, its blend. */
import { describe, expect, test } from 'vitest';
import { type ConclusionFigures, conclusion, conclusionText } from '../../../src/evaluation/conclusion.ts';

const interval = (low: number, high: number) => ({ low, high });

const FIGURES: ConclusionFigures = {
  functions: 100,
  vulnerable: 40,
  model: { name: 'model', label: 'model', rocAuc: 0.7, interval: interval(0.61, 0.78) },
  baselines: [
    { name: 'random', label: 'random', rocAuc: 0.5, interval: undefined },
    { name: 'tfidf', label: 'TF-IDF', rocAuc: 0.6, interval: interval(0.5, 0.7) },
  ],
  shortfalls: [],
};
const short = (kind: string, metric = 'rocAuc') => [{ baseline: 'tfidf', metric, kind }];
const model = (rocAuc: number | undefined, low?: number) => ({
  ...FIGURES.model,
  rocAuc,
  interval: low === undefined ? undefined : interval(low, 0.9),
});

describe('the verdict', () => {
  test.each<[string, Partial<ConclusionFigures>, string, boolean]>([
    [
      'better than both',
      {},
      'The model is better than chance (ROC AUC 0.700, 95%: 0.61 to 0.78), and better than its best baseline, TF-IDF (0.600, 0.50 to 0.70).',
      true,
    ],
    [
      'within noise of the best',
      { shortfalls: short('unproven') },
      ', but not shown to be better than its best',
      false,
    ],
    [
      'as stored',
      { shortfalls: short('notBetter', 'roc_auc'), model: model(0.55, 0.4) },
      ', and not better than its best baseline, TF-IDF',
      false,
    ],
    [
      'shown to be worse than the best',
      { shortfalls: short('worse'), model: model(0.55, 0.4) },
      ', and not better than its best baseline, TF-IDF',
      false,
    ],
    [
      'equal',
      { shortfalls: short('notBetter'), model: model(0.6, 0.52) },
      ', but not better than its best baseline',
      false,
    ],
    [
      'another metric says nothing',
      { shortfalls: short('notBetter', 'f1') },
      ', and better than its best',
      true,
    ],
    [
      'chance',
      { model: model(0.62, 0.5) },
      'is no better than chance, as far as these functions tell (ROC AUC 0.620',
      false,
    ],
    ['too few', { vulnerable: 9 }, '9 vulnerable and 91 other functions are too few to tell)', false],
    [
      'no interval',
      { model: model(0.7) },
      'without an interval that would say whether that is chance',
      false,
    ],
    ['no baselines', { baselines: [] }, '95%: 0.61 to 0.78).', true],
    ['one class', { model: model(undefined) }, 'No verdict on the model: ROC AUC is not defined', false],
  ])('%s', (_, changes, words, good) => {
    const said = conclusion({ ...FIGURES, ...changes });
    expect(said.sentence).toContain(words);
    expect(said.good).toBe(good);
    expect(said.ofBlend).toBeUndefined();
  });

  test.each([
    [true, 'Its blend with TF-IDF and length has ROC AUC 0.750 (0.65 to 0.83); scan and predict use it.'],
    [false, 'scan and predict use the model alone.'],
    [undefined, 'ROC AUC 0.750 (0.65 to 0.83).'],
  ])('says of the blend whether it is used: %s', (isUsed, words) => {
    const blend = { name: 'blend', label: 'blend', rocAuc: 0.75, interval: interval(0.65, 0.83), isUsed };
    expect(conclusionText(conclusion({ ...FIGURES, blend }))).toMatch(
      new RegExp(`0\\.70\\)\\. .*${words.replaceAll(/[.()]/g, '\\$&')}$`),
    );
  });
});
