/**
 * @file The scanning benchmark: Vultune beside Transformers on the same model with the same adapter, functions and threads: tokens
 * and functions per second, and how far each contender's scores are from those of ours in float32. The measuring is in the workers.
 */
import { join } from 'node:path';
import { resolveBaseModel, smolLm2 } from '../../tools/base-model.mjs';
import { chosen, contest, peersPython, withWorkFolder } from '../contest.mjs';
import { cpuHasBfloat16, functionOptions, peersEnv, writeFunctions } from '../functions.mjs';
import { readOptions, say } from '../results.mjs';
import { table } from '../summary.mjs';

const here = import.meta.dirname;

export const usage = `npm run bench -- scanning [options]
  --data FILE.jsonl   functions to score (code, target); default: data/x1/train.jsonl of the shared folder
  --model REF         GGUF file, folder or pypi:NAME==VERSION; default ${smolLm2}
  --adapter FOLDER    an adapter of the model; default: LoRA r=8 on every matrix, drawn with a fixed seed
  --functions 96      how many functions (a multiple of 8), drawn with a fixed seed to be like the whole file
  --max-length 512    tokens a function is cut at
  --rounds 3          every contender runs once a round; figures are medians
  --threads 2
  --weights float32,int8-exact,int8  how ours holds the matrices; also int8-smoothed, nf4, as-stored, ...
  --only a,b          contenders whose names begin so: ours, ours-int8, torch, ...
  --out FILE.json     default bench/results/scanning-TIME.json`;

const required = ['tokensPerSecond', 'functionsPerSecond', 'peakMemoryBytes', 'openSeconds'];
const REFERENCE = 'ours-float32';

/** @returns {Promise<number>} exit code: 1 when a contender failed */
export async function run(args) {
  const options = parseOptions(args);
  const python = peersPython();
  const model = resolveBaseModel(options.model, { python });
  return await withWorkFolder(async (work) => {
    const functions = join(work, 'functions.json');
    const adapter = options.adapter ?? join(work, 'adapter');
    const all = allContenders(python, { model, adapter, functions }, options);
    const contenders = chosen(all, options.only);
    const job = writeFunctions(python, model, functions, options);
    if (options.adapter === undefined) {
      const { writeDrawnAdapter } = await import('./adapter.mjs');
      await writeDrawnAdapter(adapter, model);
    }
    const names = contenders.map((each) => each.name).join(', ');
    say(`${job.functions} functions, ${job.tokens} tokens; ${names}`);
    return await contest(contenders, { options, required, facts: { job }, report });
  });
}

function parseOptions(args) {
  const values = readOptions(args, {
    data: undefined,
    model: smolLm2,
    adapter: undefined,
    functions: '96',
    'max-length': '512',
    rounds: '3',
    threads: '2',
    weights: 'float32,int8-exact,int8',
    only: undefined,
    out: undefined,
  });
  return {
    ...functionOptions(values, 'scanning'),
    adapter: values.adapter,
    formats: values.weights.split(','),
  };
}

function allContenders(python, { model, adapter, functions }, { formats, threads }) {
  const job = ['--model', model, '--adapter', adapter, '--functions', functions, '--threads', threads];
  const rest = job.map(String);
  const ours = (weights, merged) => ({
    name: `ours-${weights}${merged ? '-merged' : ''}`,
    command: process.execPath,
    args: [join(here, 'ours.mjs'), '--weights', weights, ...(merged ? ['--merged', 'yes'] : []), ...rest],
  });
  const torch = (dtype) => ({
    name: `torch-${dtype}`,
    command: python,
    args: [join(here, 'torch_worker.py'), '--dtype', dtype, ...rest],
    env: peersEnv(threads),
  });
  return [
    ...formats.map((weights) => ours(weights, false)),
    ...formats.map((weights) => ours(weights, true)),
    torch('float32'),
    ...(cpuHasBfloat16() ? [torch('bfloat16')] : []),
  ];
}

/** @returns {string} a row a contender: medians, the range of the speed, its share of PyTorch's, the largest difference of a score */
export function report(summary, measurements) {
  const ofTorch = (name, speed) => {
    const peer = summary.get(name)?.tokensPerSecond;
    return peer ? `${(speed.median / peer.median).toFixed(2)}x` : '';
  };
  const head = [
    '',
    'tokens/s',
    'min-max',
    'functions/s',
    'of torch f32',
    'of torch bf16',
    'open s',
    'peak GB',
    'largest score difference',
  ];
  const rows = [...summary].map(([name, { tokensPerSecond: speed, ...figures }]) => [
    name,
    speed.median.toFixed(1),
    `${speed.min.toFixed(0)}-${speed.max.toFixed(0)}`,
    figures.functionsPerSecond.median.toFixed(2),
    ofTorch('torch-float32', speed),
    ofTorch('torch-bfloat16', speed),
    figures.openSeconds.median.toFixed(1),
    (figures.peakMemoryBytes.median / 1e9).toFixed(2),
    largestDifference(scoresOf(measurements, name), scoresOf(measurements, REFERENCE)),
  ]);
  return table([head, ...rows]);
}

const scoresOf = (measurements, name) =>
  measurements.find((each) => each.name === name && each.figures)?.figures.scores;

function largestDifference(scores, reference) {
  if (scores === undefined || reference === undefined) return '';
  return Math.max(...scores.map((score, i) => Math.abs(score - reference[i]))).toExponential(1);
}
