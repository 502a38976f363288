/** @file The blend of a model, TF-IDF and length: what it ranks better, what it is written as, what it refuses. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { fitTfidf } from '../../../src/evaluation/baselines/tfidf.ts';
import { fitTfidfClassifier, tfidfLogits } from '../../../src/evaluation/baselines/tfidf-classifier.ts';
import { blendScores } from '../../../src/evaluation/blend/blend.ts';
import { formatBlend, readBlend } from '../../../src/evaluation/blend/blend-file.ts';
import { crossFittedScores, fitBlend } from '../../../src/evaluation/blend/fit-blend.ts';
import { sigmoid } from '../../../src/evaluation/calibration/calibration.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-blend-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Words say half of the label, and the model (its score) the other half. */
function data(count: number, seed: number, { wordsTell = true, modelTells = true } = {}) {
  const random = randomStream(seed, 'blend-test');
  const uniform = () => random.uniform();
  const rows = Array.from({ length: count }, (_, i) => {
    const target = i % 2;
    const told = (does: boolean) => (does && uniform() < 0.8 ? target : uniform() < 0.5 ? 1 : 0);
    const word = told(wordsTell) === 1 ? 'strcpy' : 'snprintf';
    const score = sigmoid((told(modelTells) === 1 ? 1 : -1) + uniform() - 0.5);
    const noise = Array.from({ length: 4 }, () => `w${Math.floor(12 * uniform())}`).join(' ');
    return {
      code: `int f(int a) { ${word}(a); ${noise} }`,
      target,
      commit: `c${i >> 1}`,
      project: `p${seed}`,
      score,
    };
  });
  return { records: rows, scores: Float64Array.from(rows, ({ score }) => score) };
}

const TRAIN = data(120, 1).records;
const VALID = data(120, 2);
const tfidf = fitTfidfClassifier(TRAIN, VALID.records);

function fitted(valid = VALID) {
  const result = fitBlend(valid, tfidf);
  if (result.blend === undefined) throw new Error(result.reason);
  return result;
}

describe('fitting', () => {
  test('is used where it ranks validation better without having seen it', () => {
    const { blend, crossFitted } = fitted();
    expect(blend.used).toBe(true);
    expect(blend.rocAuc.blend).toBeGreaterThan(blend.rocAuc.model + 0.02);
    expect(blend.weights[0]).toBeGreaterThan(0.3);
    expect(blend.weights[1]).toBeGreaterThan(0.3);
    expect(blend).toMatchObject({ functions: 120, prevalence: 0.5 });
    // The operating points are those of the scores it did not fit.
    const negatives = VALID.records.flatMap(({ target }, i) => (target === 0 ? [crossFitted[i]!] : []));
    const flagged = negatives.filter((score) => score >= blend.alarmBudget!.threshold);
    expect(blend.alarmBudget).toMatchObject({ share: 0.02, negatives: 60, flagged: flagged.length });
    expect(flagged.length).toBeLessThanOrEqual(1);
  });

  test('is not used where the words tell nothing', () => {
    const valid = data(120, 3, { wordsTell: false });
    const { blend } = fitted({
      ...valid,
      records: valid.records.map((one) => ({ ...one, code: 'int f();' })),
    });
    expect(blend.used).toBe(false);
    expect(blend.rocAuc.blend).toBeLessThanOrEqual(blend.rocAuc.model);
  });

  test('no function is scored by a blend that saw it, or its pair', () => {
    const { crossFitted } = fitted();
    // The first commit's labels turned round: nothing may change in its own scores.
    const turned = VALID.records.map((one, i) => (i < 2 ? { ...one, target: 1 - one.target } : one));
    const other = fitted({ ...VALID, records: turned }).crossFitted;
    expect(other.slice(0, 2)).toEqual(crossFitted.slice(0, 2));
    expect([...other]).not.toEqual([...crossFitted]);
    expect([...crossFittedScores(VALID, fitted().blend)!]).toEqual([...crossFitted]);
    expect([...crossFitted]).not.toEqual([
      ...blendScores(fitted().blend, {
        codes: VALID.records.map(({ code }) => code),
        rawScores: VALID.scores,
      }),
    ]);
  });

  test.each([
    ['few functions', data(28, 4), 'validation has 14 vulnerable and 14 other functions'],
    [
      'few of a class',
      { ...VALID, records: VALID.records.map((one, i) => ({ ...one, target: i < 9 ? 1 : 0 })) },
      'validation has 9 vulnerable and 111 other functions',
    ],
  ])('%s: none, with the reason', (_, valid, reason) => {
    expect(fitBlend(valid, tfidf)).toEqual({ blend: undefined, reason: expect.stringContaining(reason) });
  });

  test('one feature that is the same for all functions carries nothing', () => {
    const { blend } = fitted({ ...VALID, scores: new Float64Array(120).fill(0.5) });
    expect(blend.scales[0]).toBe(0);
    expect(blend.weights[0]).toBe(0);
  });
});

describe('n-grams that are too many', () => {
  test('those of the fewest functions are left out, and it is said', () => {
    const codes = TRAIN.map(({ code }) => code);
    const all = fitTfidf(codes, { maxNgram: 3, minDocuments: 2 });
    const bounded = fitTfidfClassifier(TRAIN, VALID.records, 40);
    expect(bounded.vectorizer.featureCount).toBeLessThanOrEqual(40);
    expect(bounded.vectorizer.featureCount).toBeGreaterThan(10);
    const least = Math.min(...bounded.vectorizer.vocabulary.documentFrequencies);
    const kept = all.vocabulary.documentFrequencies.filter((frequency) => frequency >= least);
    expect(kept).toHaveLength(bounded.vectorizer.featureCount);
    expect(bounded.note).toMatch(/n-grams of at least \d+ functions/);
  });
});

describe('the file', () => {
  const file = join(folder, 'blend.json');
  const { blend } = fitted();
  const inputs = { codes: VALID.records.map(({ code }) => code), rawScores: VALID.scores };
  const write = (text: string | undefined) => writeFileSync(file, text!);
  const stored = () => JSON.parse(formatBlend(blend)!);

  test('gives the same scores, bit for bit, and the same bytes', () => {
    write(formatBlend(blend));
    const read = readBlend(folder)!;
    expect([...blendScores(read.blend, inputs)]).toEqual([...blendScores(blend, inputs)]);
    expect([...tfidfLogits(read.blend.tfidf, inputs.codes)]).toEqual([...tfidfLogits(tfidf, inputs.codes)]);
    expect(formatBlend(read.blend)).toBe(readFileSync(file, 'utf8'));
    expect(read.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(readBlend(join(folder, 'elsewhere'))).toBeUndefined();
  });

  test('another blend has another fingerprint', () => {
    write(formatBlend({ ...blend, intercept: blend.intercept + 1 }));
    const other = readBlend(folder)!.fingerprint;
    write(formatBlend(blend));
    expect(readBlend(folder)!.fingerprint).not.toBe(other);
  });

  // biome-ignore lint/suspicious/noExplicitAny: each case breaks another field
  test.each<readonly [string, (json: any) => unknown, string]>([
    ['an edited weight', (json) => (json.blend.weights[0] += 1), 'checksum'],
    ['another number of weights', (json) => json.blend.weights.push(1), 'weights'],
    ['a weight that is not a number', (json) => (json.blend.tfidf.weights[3] = null), 'weights.3'],
    ['too large a weight', (json) => (json.blend.intercept = 1e300), 'intercept'],
    ['too many n-grams', (json) => (json.blend.tfidf.weights = Array(100_001).fill(0)), 'weights'],
    ['another version', (json) => (json.formatVersion = 2), 'formatVersion'],
    ['a field that nobody knows', (json) => (json.blend.extra = 1), 'extra'],
    ['a threshold above 1', (json) => (json.blend.threshold = 1.5), 'threshold'],
  ])('%s is refused', (_, change, name) => {
    const json = stored();
    change(json);
    write(JSON.stringify(json));
    expect(() => readBlend(folder)).toThrow(expect.objectContaining({ code: 'ADAPTER_BLEND' }));
    try {
      readBlend(folder);
    } catch (error) {
      expect(JSON.stringify([(error as Error).message, error])).toContain(name);
    }
  });

  // biome-ignore lint/suspicious/noExplicitAny: each case breaks another field
  test.each<readonly [string, (tfidf: any) => unknown, string]>([
    ['a token twice', ({ tokens }) => (tokens[1] = tokens[0]), 'has a token twice'],
    ['an n-gram twice', ({ levels }) => (levels[0][1] = levels[0][0]), 'has an n-gram twice'],
    ['an n-gram of later ones', ({ levels }) => (levels[0][0][0] = 99_999), 'parts that are not there'],
    ['an n-gram that ends in none', ({ levels }) => (levels[1][0][1] = 99_999), 'parts that are not there'],
    ['a weight too few', ({ weights }) => weights.pop(), 'tfidf.weights has'],
    [
      'a frequency above the functions',
      (tfidf) => (tfidf.documentFrequencies[2] = 121),
      'above the 120 functions',
    ],
  ])('%s is refused whatever the checksum says', (_, change, message) => {
    const json = stored();
    change(json.blend.tfidf);
    const sum = createHash('sha256').update(JSON.stringify(json.blend)).digest('hex').slice(0, 32);
    write(JSON.stringify({ ...json, checksum: sum }));
    expect(() => readBlend(folder)).toThrow(message);
  });

  test('a file of more bytes than are ever written is refused unread', () => {
    write(formatBlend(blend));
    truncateSync(file, 2 ** 26);
    expect(() => readBlend(folder)).toThrow(/at most 33554432 bytes/);
  });
});
