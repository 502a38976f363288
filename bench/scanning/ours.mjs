/**
 * @file Worker: how fast Vultune scores functions, on the job of torch_worker.py, by the passes of a scan. Imports the engine from
 * dist/ and prints one JSON line: tokensPerSecond, functionsPerSecond, seconds, openSeconds (until graphs are compiled),
 * peakMemoryBytes, scores (of each function).
 *
 * node ours.mjs --model M.gguf --functions FILE [--adapter FOLDER] [--weights float32|int8|int8-smoothed|int8-exact|...] [--merged yes]
 *   [--keep-layers N] [--threads 2] [--tokens 1024]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { initialParameters } from '../../dist/adapters/adapter-parameters.js';
import { loadAdapter, readAdapterHeader } from '../../dist/adapters/files/adapter-files.js';
import { weightMerger } from '../../dist/adapters/merged-weights.js';
import { Network } from '../../dist/network/network.js';
import { scoreFunctions } from '../../dist/network/score-functions.js';
import { ortBackend } from '../../dist/runtime/ort/ort-backend.js';
import { classifierJudgement } from '../../dist/tasks/classify.js';
import { BaseWeights } from '../../dist/weights/base-weights.js';
import { openModelAs } from '../weights.mjs';

const WARM_UP_LENGTH = 64;
/** More give no other graph. */
const WARM_UP_FUNCTIONS = 64;

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    functions: { type: 'string' },
    adapter: { type: 'string' },
    weights: { type: 'string', default: 'float32' },
    'keep-layers': { type: 'string' },
    merged: { type: 'string', default: 'no' },
    threads: { type: 'string', default: '2' },
    tokens: { type: 'string', default: '1024' },
  },
});
const { functions } = JSON.parse(readFileSync(values.functions, 'utf8'));
const options = { tokensPerBatch: Number(values.tokens) };

const opening = performance.now();
const threads = Number(values.threads);
const model = await openModelAs(values.model, {
  weights: values.weights,
  keepLayers: values['keep-layers'],
  threads,
});
const judgement = classifierJudgement(model.spec, 'last');
const { head } = judgement;
const network = await openNetwork();
// Weights are read and graphs compiled before anything is measured: of many short functions in a row, and of the longest.
await scoreFunctions(
  network,
  head,
  functions.slice(0, WARM_UP_FUNCTIONS).map((ids) => ids.slice(0, WARM_UP_LENGTH)),
  options,
);
await scoreFunctions(network, head, functions.toSorted((a, b) => b.length - a.length).slice(0, 2), options);

const start = performance.now();
const logits = await scoreFunctions(network, head, functions, options);
const seconds = (performance.now() - start) / 1000;
const tokens = functions.reduce((sum, { length }) => sum + length, 0);
process.stdout.write(
  `${JSON.stringify({
    tokensPerSecond: tokens / seconds,
    functionsPerSecond: functions.length / seconds,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    tokens,
    seconds,
    openSeconds: (start - opening) / 1000,
    weights: values.weights,
    scores: Array.from(judgement.scores(logits)),
  })}\n`,
);
await network.release();

/** The base model with the adapter beside its matrices, as a scan has it, or merged into them; without an adapter a fresh head. */
async function openNetwork() {
  const common = {
    model: model.spec,
    backend: await ortBackend({ device: 'cpu', threads }),
    blocksPerStage: 1,
    activations: 'products',
  };
  if (values.adapter === undefined) {
    const parameters = initialParameters([], head, 42);
    return new Network({ ...common, weights: model.weights, adapted: [], parameters });
  }
  const adapter = await loadAdapter(readAdapterHeader(values.adapter), model.spec, head);
  if (values.merged !== 'yes') return new Network({ ...common, weights: model.weights, ...adapter });
  const merge = weightMerger(adapter, adapter.parameters);
  const { checkpoint } = model;
  const read = (name) => merge(name, (base) => checkpoint.read(base));
  const weights = new BaseWeights(
    { path: checkpoint.path, read, readRows: (name, rows) => checkpoint.readRows(name, rows) },
    model.weights.format,
  );
  return new Network({ ...common, weights, adapted: [], parameters: adapter.parameters });
}
