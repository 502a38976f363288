#!/usr/bin/env node
/**
 * @file How often 95 % intervals hold the true value: samples of functions in commits out of a population whose ROC AUC and
 * average precision are known, and the share of their intervals that cover it. Run `npm run build` first.
 */
import { parseArgs } from 'node:util';
import { inverseNormal } from '../dist/base/normal.js';
import { randomStream } from '../dist/base/random.js';
import { computeFigure } from '../dist/evaluation/figures.js';
import { bcaInterval } from '../dist/evaluation/resampling/bca.js';
import { clusterRecords } from '../dist/evaluation/resampling/clusters.js';
import {
  bootstrapReplicates,
  jackknifeReplicates,
  percentileInterval,
} from '../dist/evaluation/resampling/intervals.js';
import { asItIs } from '../dist/evaluation/resampling/resample.js';

const FIGURES = ['rocAuc', 'averagePrecision'];
const METHODS = ['percentile', 'BCa'];

const { values } = parseArgs({
  options: {
    functions: { type: 'string', default: '300' },
    repetitions: { type: 'string', default: '500' },
    resamples: { type: 'string', default: '1000' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(
    'node bench/interval-coverage.mjs [--functions 300] [--repetitions 500] [--resamples 1000]\n',
  );
  process.exit(0);
}
const [functions, repetitions, resamples] = [values.functions, values.repetitions, values.resamples].map(
  Number,
);

/** Commits of one to five functions; half of a score's spread beside its label is the commit's. */
function sample(random, count, prevalence, shift) {
  const records = [];
  const scores = [];
  const gauss = () => inverseNormal(random.uniform());
  for (let commit = 0; records.length < count; commit++) {
    const ofCommit = gauss();
    const size = 1 + Math.floor(5 * random.uniform());
    for (let i = 0; i < size && records.length < count; i++) {
      const target = random.uniform() < prevalence ? 1 : 0;
      const z = shift * target + Math.SQRT1_2 * (ofCommit + gauss());
      records.push({ target, commit: String(commit) });
      scores.push(1 / (1 + Math.exp(-z)));
    }
  }
  return { records, scores: Float64Array.from(scores), threshold: 0.5 };
}

const figuresOf = (subject) => {
  const whole = asItIs(subject);
  return new Map(FIGURES.map((figure) => [figure, computeFigure(figure, whole)]));
};

for (const [prevalence, shift] of [
  [0.5, 0.9],
  [0.2, 0.9],
  [0.05, 0.9],
  [0.2, 2],
]) {
  const truth = figuresOf(sample(randomStream(1, 'truth', prevalence), 400_000, prevalence, shift));
  const covered = new Map(
    METHODS.flatMap((m) => FIGURES.map((f) => [`${f} ${m}`, { holds: 0, below: 0, width: 0 }])),
  );
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const subject = sample(randomStream(repetition, 'coverage', prevalence), functions, prevalence, shift);
    const clusters = clusterRecords(subject.records, 'commit');
    const options = { clusters, figures: FIGURES };
    const [replicates] = await bootstrapReplicates([subject], { ...options, resamples, seed: repetition });
    const [jackknife] = jackknifeReplicates([subject], options);
    const estimates = figuresOf(subject);
    for (const figure of FIGURES) {
      const intervals = {
        percentile: percentileInterval(replicates.get(figure)),
        BCa: bcaInterval(replicates.get(figure), estimates.get(figure), jackknife.get(figure)),
      };
      for (const method of METHODS) {
        const { low, high } = intervals[method];
        const entry = covered.get(`${figure} ${method}`);
        const value = truth.get(figure);
        if (low <= value && value <= high) entry.holds++;
        if (value < low) entry.below++;
        entry.width += (high - low) / repetitions;
      }
    }
  }
  process.stdout.write(
    `${functions} functions, ${100 * prevalence} % vulnerable: ROC AUC ${truth.get('rocAuc').toFixed(3)}, AP ${truth.get('averagePrecision').toFixed(3)}\n`,
  );
  for (const [name, { holds, below, width }] of covered) {
    const miss = repetitions - holds;
    process.stdout.write(
      `  ${name.padEnd(28)} covers ${((100 * holds) / repetitions).toFixed(1)} %, true value below ${below}, above ${miss - below}, mean width ${width.toFixed(3)}\n`,
    );
  }
}
