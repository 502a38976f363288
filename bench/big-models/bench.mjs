/**
 * @file The benchmark of large models: one optimiser step of a published geometry, on random weights that are written for it and
 * removed again. Peak memory, and where the seconds go.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { contest, withWorkFolder } from '../contest.mjs';
import { defaultOut, project, readOptions, say, wholeNumber } from '../results.mjs';
import { BenchError } from '../worker.mjs';

export const usage = `npm run bench -- big-models [options]
  --geometry llama-7b  or starcoder-15b, or a config.json
  --layers N           fewer layers of the same widths; default: all
  --stored nf4         how the random weights lie on disk: nf4 (bitsandbytes' form), bfloat16, float16
  --model FOLDER       instead: a model that is there, which is left there
  --weights nf4        how they are held: nf4, nf4-double-quant, int8, float32, ...
  --tokens 2048        packed tokens of the step, of --functions 4 functions of one length
  --activations recompute
  --threads 2
  --out FILE.json      default bench/results/big-models-TIME.json`;

/** @returns {Promise<number>} exit code: 1 when the step failed */
export async function run(args) {
  const values = readOptions(args, {
    geometry: 'llama-7b',
    layers: undefined,
    stored: 'nf4',
    model: undefined,
    weights: 'nf4',
    tokens: '2048',
    functions: '4',
    activations: 'recompute',
    threads: '2',
    out: defaultOut('big-models'),
  });
  for (const name of ['tokens', 'functions', 'threads']) wholeNumber(name, values[name]);
  return await withWorkFolder(async (work) => {
    const model = values.model ?? writeModel(join(work, 'model'), values);
    const options = ['weights', 'tokens', 'functions', 'activations', 'threads'];
    const worker = {
      name: 'step',
      command: process.execPath,
      args: [
        join(import.meta.dirname, 'step.mjs'),
        '--model',
        model,
        ...options.flatMap((name) => [`--${name}`, values[name]]),
      ],
    };
    return await contest([worker], {
      options: { ...values, rounds: 1 },
      required: ['peakMemoryBytes', 'loss'],
      report,
    });
  });
}

function writeModel(folder, { geometry, stored, layers }) {
  say(`writing random weights: ${geometry}, ${stored}`);
  const args = [join(project, 'tools', 'random-model.mjs'), '--geometry', geometry, '--stored', stored];
  if (layers !== undefined) args.push('--layers', layers);
  const { status } = spawnSync(process.execPath, [...args, '--out', folder], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new BenchError(`tools/random-model.mjs failed: exit code ${status}`);
  return folder;
}

/** @returns {string} seconds by part, and the peak */
export function report(_summary, [{ figures, error }]) {
  if (error) return error;
  const { layers, tokens, functions, peakMemoryBytes, stepSeconds, secondsOf } = figures;
  const parts = Object.entries(secondsOf).map(
    ([part, seconds]) => `  ${part.padEnd(10)} ${seconds.toFixed(1)} s`,
  );
  return [
    `${layers} layers, ${tokens} tokens in ${functions} functions: a step takes ${stepSeconds.map((one) => one.toFixed(1)).join(', ')} s, peak ${(peakMemoryBytes / 1e9).toFixed(2)} GB`,
    ...parts,
  ].join('\n');
}
