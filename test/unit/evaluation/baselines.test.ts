/** @file Baselines: the linear model and its features against scikit-learn, the interface's promises for all. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allPositive } from '../../../src/evaluation/baselines/all-positive.ts';
import type { LabelledFunction } from '../../../src/evaluation/baselines/baseline.ts';
import { codeTokens } from '../../../src/evaluation/baselines/code-tokens.ts';
import { lengthOnly } from '../../../src/evaluation/baselines/length-only.ts';
import {
  fitLogisticRegression,
  predictProbabilities,
} from '../../../src/evaluation/baselines/logistic-regression.ts';
import { nearestNeighbour } from '../../../src/evaluation/baselines/nearest-neighbour.ts';
import { random } from '../../../src/evaluation/baselines/random.ts';
import { baselineRegistry } from '../../../src/evaluation/baselines/registry.ts';
import { sparseMatrix } from '../../../src/evaluation/baselines/sparse-matrix.ts';
import { fitTfidf } from '../../../src/evaluation/baselines/tfidf.ts';
import { tfidfLogisticRegression } from '../../../src/evaluation/baselines/tfidf-logistic-regression.ts';
import { sampleWithin } from '../../../src/evaluation/baselines/training-sample.ts';
import { rankScores } from '../../../src/evaluation/metrics/ranked-scores.ts';
import { averagePrecision, rocAuc } from '../../../src/evaluation/metrics/ranking.ts';
import { sharedFolder } from '../../support/shared.ts';

const functionsOf = (rows: [string, number][]): LabelledFunction[] =>
  rows.map(([code, target]) => ({ code, target }));

const TRAIN = functionsOf([
  ['function read(path) { return fs.readFileSync(root + path); }', 1],
  ['function read(path) { if (path.includes("..")) return null; return fs.readFileSync(root + path); }', 0],
  ['function run(name) { return exec("ls " + name); }', 1],
  ['function run(name) { return execFile("ls", [name]); }', 0],
  ['function merge(a, b) { for (const k in b) a[k] = b[k]; return a; }', 1],
  ['function merge(a, b) { for (const k in b) if (k !== "__proto__") a[k] = b[k]; return a; }', 0],
]);
const TEST = ['function run(path) { return exec("cat " + path); }', 'while (i >= 0x1F) i--;'];

/**
 * scikit-learn 1.9.1 on TRAIN and TEST with the tokens of `codeTokens`:
 * TfidfVectorizer(analyzer=all n-grams of 1 to 3 tokens, min_df=2, sublinear_tf=True),
 * LogisticRegression(C=C, tol=1e-12, max_iter=100000, solver='newton-cg').
 */
const SKLEARN = {
  features: 122,
  nonzeros: { train: 294, test: 31 },
  fifthRow: { nonzeros: 68, sum: 7.8858116600698445, largest: 0.231091191089 },
  firstTestRow: { nonzeros: 28, sum: 5.025286310934965, largest: 0.339558394343 },
  models: [
    { c: 1, intercept: 0.030640665438, norm: 0.34524224016480737, test: [0.505070535041, 0.498151725932] },
    { c: 10, intercept: 0.26217616718, norm: 2.857852936232189, test: [0.528284148887, 0.486776889829] },
    { c: 1000, intercept: 2.973650858567, norm: 28.431001624101658, test: [0.677172364327, 0.593528227598] },
  ],
  train: [0.634307248192, 0.382279509907, 0.565234165317, 0.437788967641, 0.549145776288, 0.431244332655],
};

/** The same on X_1's 810 training and 272 validation functions; solver tolerance 1e-10. */
const SKLEARN_X1 = {
  features: 108401,
  nonzeros: { train: 426023, test: 77050 },
  c: 1000,
  rocAuc: 0.5879807432249688,
  averagePrecision: 0.6118481684649453,
  firstScores: [0.02778229, 0.03115263, 0.64891558],
};

const codes = (functions: readonly LabelledFunction[]) => functions.map((entry) => entry.code);
const targets = (functions: readonly LabelledFunction[]) => functions.map((entry) => entry.target);
const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

describe('code tokens', () => {
  test('identifiers, numbers, operators, everything else by itself', () => {
    expect(codeTokens('a_1 += $x->y[0xFF] >>> 2; // été "q"')).toEqual([
      'a_1',
      '+=',
      '$x',
      '->',
      'y',
      '[',
      '0xFF',
      ']',
      '>>>',
      '2',
      ';',
      '/',
      '/',
      'été',
      '"',
      'q',
      '"',
    ]);
    expect(codeTokens(' \n\t')).toEqual([]);
  });

  test('nothing is lost but white space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (code) => {
        expect(codeTokens(code).join('')).toBe(code.replace(/\s/gu, ''));
      }),
    );
  });
});

describe('TF-IDF as scikit-learn', () => {
  const vectorizer = fitTfidf(codes(TRAIN), { maxNgram: 3, minDocuments: 2 });

  test('features, values', () => {
    const features = vectorizer.transform(codes(TRAIN));
    expect(vectorizer.featureCount).toBe(SKLEARN.features);
    expect(features.values.length).toBe(SKLEARN.nonzeros.train);
    const test0 = vectorizer.transform(TEST);
    expect(test0.values.length).toBe(SKLEARN.nonzeros.test);
    for (const [matrix, row, expected] of [
      [features, 4, SKLEARN.fifthRow],
      [test0, 0, SKLEARN.firstTestRow],
    ] as const) {
      const values = matrix.values.subarray(matrix.rowStarts[row], matrix.rowStarts[row + 1]);
      expect(values.length).toBe(expected.nonzeros);
      expect(sum(values)).toBeCloseTo(expected.sum, 9);
      expect(Math.max(...values)).toBeCloseTo(expected.largest, 9);
    }
  });

  test('n-grams are those of a count by strings', () => {
    const program = fc.array(fc.constantFrom('a', 'b', 'c', '(', '+'), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(program, { minLength: 1, maxLength: 6 }), (programs) => {
        const documents = programs.map((tokens) => {
          const ngrams = [1, 2, 3].flatMap((n) =>
            tokens
              .slice(0, Math.max(0, tokens.length - n + 1))
              .map((_, i) => tokens.slice(i, i + n).join(' ')),
          );
          return new Set(ngrams);
        });
        const counts = new Map<string, number>();
        for (const document of documents) {
          for (const ngram of document) counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
        }
        const kept = new Set([...counts].filter(([, count]) => count >= 2).map(([ngram]) => ngram));
        const texts = programs.map((tokens) => tokens.join(' '));
        const fitted = fitTfidf(texts, { maxNgram: 3, minDocuments: 2 });
        expect(fitted.featureCount).toBe(kept.size);
        const { rowStarts } = fitted.transform(texts);
        const perRow = documents.map((document) => [...document].filter((ngram) => kept.has(ngram)).length);
        expect(perRow.map((_, r) => rowStarts[r + 1]! - rowStarts[r]!)).toEqual(perRow);
      }),
    );
  });
});

describe('logistic regression', () => {
  const vectorizer = fitTfidf(codes(TRAIN), { maxNgram: 3, minDocuments: 2 });
  const features = vectorizer.transform(codes(TRAIN));
  const labels = targets(TRAIN);

  test.each(SKLEARN.models)('scikit-learn at C = $c', ({ c, intercept, norm, test: expected }) => {
    const model = fitLogisticRegression({ features, labels, inverseRegularization: c });
    expect(model.converged).toBe(true);
    expect(model.relativeGradientNorm).toBeLessThan(1e-8);
    expect(model.intercept).toBeCloseTo(intercept, 5);
    expect(Math.sqrt(sum(model.weights.map((w) => w * w)))).toBeCloseTo(norm, 5);
    const probabilities = predictProbabilities(vectorizer.transform(TEST), model);
    expected.forEach((p, i) => {
      expect(probabilities[i]).toBeCloseTo(p, 6);
    });
    if (c !== 10) return;
    predictProbabilities(features, model).forEach((p, i) => {
      expect(p).toBeCloseTo(SKLEARN.train[i]!, 6);
    });
  });

  test('the start does not change the answer', () => {
    const other = fitLogisticRegression({ features, labels, inverseRegularization: 1000 });
    const cold = fitLogisticRegression({ features, labels, inverseRegularization: 1 });
    const warm = fitLogisticRegression({ features, labels, inverseRegularization: 1, start: other });
    expect(warm.converged).toBe(true);
    warm.weights.forEach((w, i) => {
      expect(w).toBeCloseTo(cold.weights[i]!, 6);
    });
  });

  test('no small step anywhere lowers the objective', () => {
    const dense = fc
      .array(
        fc.tuple(
          fc.integer({ min: 0, max: 1 }),
          fc.integer({ min: -9, max: 9 }),
          fc.integer({ min: -9, max: 9 }),
        ),
        {
          minLength: 2,
          maxLength: 12,
        },
      )
      .filter((rows) => new Set(rows.map((row) => row[0])).size === 2);
    fc.assert(
      fc.property(dense, fc.constantFrom(0.01, 1, 100), (rows, c) => {
        const objective = ([w0, w1, b]: number[]) =>
          (w0! * w0! + w1! * w1!) / 2 +
          c *
            sum(
              rows.map(([y, x0, x1]) =>
                Math.log1p(Math.exp((y === 1 ? -1 : 1) * (w0! * x0 + w1! * x1 + b!))),
              ),
            );
        const model = fitLogisticRegression({
          features: sparseMatrix(
            rows.map(([, x0, x1]) => ({ indices: [0, 1], values: [x0, x1] })),
            2,
          ),
          labels: rows.map(([y]) => y),
          inverseRegularization: c,
        });
        expect(model.converged).toBe(true);
        const solution = [...model.weights, model.intercept];
        for (const i of [0, 1, 2]) {
          for (const step of [-1e-3, 1e-3]) {
            const moved = solution.map((value, j) => (i === j ? value + step : value));
            expect(objective(moved)).toBeGreaterThan(objective(solution) - 1e-9);
          }
        }
      }),
    );
  });
});

describe.each(baselineRegistry)('$name', (baseline) => {
  test('probabilities, the same every time, one per function', () => {
    const scores = baseline.fit(TRAIN, TRAIN).score(TRAIN);
    expect(scores).toHaveLength(TRAIN.length);
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(baseline.fit(TRAIN, TRAIN).score(TRAIN)).toEqual(scores);
  });

  test('a function scores the same alone and among others', () => {
    const fitted = baseline.fit(TRAIN);
    const together = fitted.score(TRAIN);
    expect(TRAIN.map((entry) => fitted.score([entry])[0])).toEqual([...together]);
  });

  test('functions without a known token, and none at all', () => {
    const fitted = baseline.fit(TRAIN);
    expect([...fitted.score([{ code: '' }, { code: '§' }])].every(Number.isFinite)).toBe(true);
    expect(fitted.score([])).toHaveLength(0);
  });

  test('one class only is refused', () => {
    const vulnerable = TRAIN.filter((entry) => entry.target === 1);
    expect(() => baseline.fit(vulnerable)).toThrow(/3 vulnerable and 0 other training functions/);
  });
});

describe('all-positive', () => {
  test('scores the training prevalence and flags everything', () => {
    const fitted = allPositive.fit(
      functionsOf([
        ['a', 1],
        ['b', 0],
        ['c', 0],
        ['d', 0],
      ]),
    );
    expect([...fitted.score(TRAIN.slice(0, 2))]).toEqual([0.25, 0.25]);
    expect(fitted.threshold).toBe(0);
  });
});

describe('random', () => {
  test('flags about as many as were vulnerable, and knows nothing', () => {
    const train = functionsOf([
      ['a', 1],
      ['b', 0],
      ['c', 0],
      ['d', 0],
    ]);
    const fitted = random.fit(train);
    const many = Array.from({ length: 2000 }, (_, i) => ({ code: `f${i}()` }));
    const scores = fitted.score(many);
    const flagged = scores.filter((score) => score >= fitted.threshold!).length;
    expect(flagged / many.length).toBeCloseTo(0.25, 1);
    const ranked = rankScores(
      many.map((_, i) => i % 2),
      scores,
    );
    expect(Math.abs(rocAuc(ranked) - 0.5)).toBeLessThan(0.05);
  });
});

describe('nearest neighbour', () => {
  test('the label of the training function with the most similar words, the surer the more alike', () => {
    const fitted = nearestNeighbour.fit(TRAIN);
    const [twin, relative, unknown] = fitted.score([
      { code: TRAIN[2]!.code },
      { code: 'function run(name, more) { return exec("ls " + name + more); }' },
      { code: '§' },
    ]);
    expect(twin).toBeCloseTo(1, 12);
    expect(relative).toBeGreaterThan(0.6);
    expect(relative).toBeLessThan(twin!);
    expect(unknown).toBe(0.5); // the prevalence
    expect(fitted.score([{ code: TRAIN[3]!.code }])[0]).toBeCloseTo(0, 12);
  });

  test('is the one that comparing with all finds', () => {
    const vectorizer = fitTfidf(codes(TRAIN), { maxNgram: 1, minDocuments: 1 });
    const features = vectorizer.transform(codes(TRAIN));
    const dense = (matrix: typeof features, row: number) => {
      const out = new Map<number, number>();
      for (let k = matrix.rowStarts[row]!; k < matrix.rowStarts[row + 1]!; k++) {
        out.set(matrix.indices[k]!, matrix.values[k]!);
      }
      return out;
    };
    const fitted = nearestNeighbour.fit(TRAIN);
    for (const code of TEST) {
      const query = dense(vectorizer.transform([code]), 0);
      const cosines = TRAIN.map((_, row) =>
        sum([...dense(features, row)].map(([feature, value]) => value * (query.get(feature) ?? 0))),
      );
      const best = Math.max(...cosines);
      const sign = TRAIN[cosines.indexOf(best)]!.target === 1 ? 1 : -1;
      expect(fitted.score([{ code }])[0]).toBeCloseTo(best === 0 ? 0.5 : 0.5 + (sign * best) / 2, 12);
    }
  });
});

describe('length only', () => {
  const sized = (length: number, target: number) => ({ code: 'x'.repeat(length), target });

  test('is monotone in length, in the direction of the training functions', () => {
    for (const longIsVulnerable of [0, 1]) {
      const train = [20, 50, 90, 300, 700].map((length, i) =>
        sized(length, i > 2 ? longIsVulnerable : 1 - longIsVulnerable),
      );
      const scores = [...lengthOnly.fit(train).score([1, 10, 100, 1000, 10_000].map((n) => sized(n, 0)))];
      const sorted = scores.toSorted((a, b) => (longIsVulnerable === 1 ? a - b : b - a));
      expect(scores).toEqual(sorted);
      expect(new Set(scores).size).toBe(5);
    }
  });

  test('is calibrated on the training functions: scores add up to the vulnerable ones', () => {
    const train = [10, 20, 40, 80, 160, 320].map((length, i) => sized(length, i === 1 || i > 3 ? 1 : 0));
    expect(sum(lengthOnly.fit(train).score(train))).toBeCloseTo(3, 6);
  });

  test('functions of one length get the prevalence', () => {
    const scores = lengthOnly.fit([sized(5, 1), sized(5, 0), sized(5, 0)]).score([sized(5, 0), sized(99, 0)]);
    scores.forEach((score) => {
      expect(score).toBeCloseTo(1 / 3, 9);
    });
  });
});

describe('training sample', () => {
  const many = Array.from({ length: 100 }, (_, i) => ({
    code: 'x'.repeat(10 + i),
    target: i === 42 ? 1 : 0,
  }));

  test('everything when it fits', () => {
    expect(sampleWithin(many, 10_000)).toBe(many);
  });

  test('else within the bound, both labels, in order, the same every time', () => {
    const sample = sampleWithin(many, 600);
    const size = sum(sample.map((entry) => entry.code.length));
    expect(size).toBeLessThanOrEqual(600);
    expect(size).toBeGreaterThan(500);
    expect(sample.some((entry) => entry.target === 1)).toBe(true);
    expect(sample).toEqual(many.filter((entry) => sample.includes(entry)));
    expect(sampleWithin(many, 600)).toEqual(sample);
  });

  test('one of each label even where none fits', () => {
    expect(new Set(sampleWithin(many, 1).map((entry) => entry.target))).toEqual(new Set([0, 1]));
  });
});

describe('TF-IDF + logistic regression', () => {
  test('chooses C on validation and says which; 1 without', () => {
    expect(tfidfLogisticRegression.fit(TRAIN).note).toBe('C = 1, 122 n-grams');
    // Every C ranks the training functions perfectly: the strongest regularisation wins.
    expect(tfidfLogisticRegression.fit(TRAIN, TRAIN).note).toBe('C = 0.1, 122 n-grams');
    const oneClass = TRAIN.filter((entry) => entry.target === 0);
    expect(tfidfLogisticRegression.fit(TRAIN, oneClass).note).toBe('C = 1, 122 n-grams');
  });

  const shared = sharedFolder();
  test.skipIf(shared === undefined)('X_1 as scikit-learn', () => {
    const read = (part: string) =>
      readFileSync(join(shared!, `data/x1/${part}.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LabelledFunction);
    const [train, valid] = [read('train'), read('valid')];
    const fitted = tfidfLogisticRegression.fit(train, valid);
    expect(fitted.note).toBe(`C = ${SKLEARN_X1.c}, ${SKLEARN_X1.features} n-grams`);
    const scores = fitted.score(valid);
    SKLEARN_X1.firstScores.forEach((score, i) => {
      expect(scores[i]).toBeCloseTo(score, 5);
    });
    const ranked = rankScores(targets(valid), scores);
    expect(rocAuc(ranked)).toBeCloseTo(SKLEARN_X1.rocAuc, 4);
    expect(averagePrecision(ranked)).toBeCloseTo(SKLEARN_X1.averagePrecision, 4);
  });
});
