/**
 * @file Worker: how fast Vultune fine-tunes, on the job of peft_worker.py. Imports the engine from dist/ and prints one
 * JSON line: tokensPerSecond (real tokens), functionsPerSecond, peakMemoryBytes, batches, functions, seconds, complete,
 * paddingShare, lossFirst, lossLast, threads, and matmulShare (time in matrix products / time of all operators, 0..1).
 *
 * node ours.mjs --model M.gguf --functions FILE --seconds 40 --threads 2 [--cut auto|block|graph] [--tokens 1024]
 *   [--prefixes shared|separate] [--dropout 0.05] [--weights float32|int8|int8-smoothed|int8-exact|nf4|...] [--keep-layers N]
 *   [--profile yes|no]
 *
 * The batches are the same whether or not prefixes are shared, as in `vultune train`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { initialParameters } from '../../dist/adapters/adapter-parameters.js';
import { planLora } from '../../dist/adapters/lora-plan.js';
import { chooseCut } from '../../dist/network/choose-cut.js';
import { Network } from '../../dist/network/network.js';
import { packSequence } from '../../dist/packing/pack-sequence.js';
import { planEpoch } from '../../dist/packing/plan.js';
import { groupAtFullLength } from '../../dist/packing/units.js';
import { ortBackend } from '../../dist/runtime/ort/ort-backend.js';
import { summariseProfiles } from '../../dist/runtime/ort/profile.js';
import { classify } from '../../dist/tasks/classify.js';
import { adamWStep, zerosLike } from '../../dist/training/adamw.js';
import { clipGradients } from '../../dist/training/gradient-clipping.js';
import { LORA } from '../lora.mjs';
import { openModelAs } from '../weights.mjs';

/** Functions of an optimiser step: as many as a batch of the peer has. */
const FUNCTIONS_PER_STEP = 8;
const WARM_UP_LENGTH = 64;
/** More give no other graph, and would cost as much as what is measured where that is long. */
const WARM_UP_STEPS = 8;
const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    functions: { type: 'string' },
    seconds: { type: 'string', default: '40' },
    threads: { type: 'string', default: '2' },
    cut: { type: 'string', default: 'auto' },
    activations: { type: 'string', default: 'auto' },
    tokens: { type: 'string', default: '1024' },
    prefixes: { type: 'string', default: 'shared' },
    dropout: { type: 'string', default: '0' },
    weights: { type: 'string', default: 'float32' },
    'keep-layers': { type: 'string' },
    profile: { type: 'string', default: 'yes' },
  },
});
const threads = Number(values.threads);
const seconds = Number(values.seconds);
const probability = Number(values.dropout);
const job = JSON.parse(readFileSync(values.functions, 'utf8'));
const model = await openModelAs(values.model, {
  weights: values.weights,
  keepLayers: values['keep-layers'],
  threads,
});
const adapted = planLora(model.spec, LORA);
const { head, objective } = classify(model.spec, { pooling: 'last', loss: { kind: 'cross_entropy' } });
const parameters = initialParameters(adapted, head, 42);
const tokensPerBatch = Number(values.tokens);
const cut = chooseCut({
  cut: values.cut,
  blocksPerGraph: 1,
  activations: values.activations,
  device: 'cpu',
});
const gradients = zerosLike(parameters);
const optimizer = { firstMoment: zerosLike(parameters), secondMoment: zerosLike(parameters), step: 0 };

const lengths = job.functions.map((ids) => ids.length);
const sharePrefixes = values.prefixes === 'shared';
const planning = performance.now();
const plan = planEpoch(
  groupAtFullLength(job.functions),
  {
    packing: 'isolated',
    tokensPerBatch,
    maxFunctionsPerSequence: undefined,
    functionsPerStep: FUNCTIONS_PER_STEP,
    padTo: undefined,
  },
  { seed: 42, epoch: 0 },
);
const planSeconds = (performance.now() - planning) / 1000;

function networkOn(backend) {
  return new Network({ model: model.spec, weights: model.weights, adapted, parameters, backend, ...cut });
}

/** Forward, backward and an AdamW step of one batch; the sequences' loss, and slots of padding in attention. */
async function trainStep(network, step, longest = Number.POSITIVE_INFINITY) {
  const dropout = { probability, seed: 42, step: optimizer.step };
  for (const gradient of gradients.values()) gradient.fill(0);
  let loss = 0;
  let slots = 0;
  for (const { functions } of step.sequences) {
    const ids = functions.map((i) => job.functions[i].slice(0, longest));
    const sequence = packSequence(ids, { packing: 'isolated', sharePrefixes });
    slots += sequence.layout.rowCount * sequence.layout.rowLength;
    const examples = functions.map((i) => ({ target: job.labels[i], weight: 1 }));
    const feeds = objective.feeds(examples, 1 / step.functionCount);
    const targets = { objective, feeds, dropout };
    loss += (await network.step(sequence, head, targets, gradients)).loss;
  }
  clipGradients(gradients, 1);
  adamWStep(parameters, gradients, optimizer, 1e-4, ADAMW);
  return { loss, slots };
}

const network = networkOn(await ortBackend({ device: 'cpu', threads }));
// Every form of graph is compiled, and every weight read, before the clock runs.
for (const step of plan.slice(0, WARM_UP_STEPS)) await trainStep(network, step, WARM_UP_LENGTH);
await trainStep(network, plan[0]);
const measured = { seconds: 0, tokens: 0, functions: 0, slots: 0, losses: [] };
for (const step of plan) {
  const begin = performance.now();
  const { loss, slots } = await trainStep(network, step);
  measured.seconds += (performance.now() - begin) / 1000;
  measured.losses.push(loss);
  measured.slots += slots;
  measured.functions += step.functionCount;
  measured.tokens += step.sequences
    .flatMap(({ functions }) => functions)
    .reduce((sum, i) => sum + lengths[i], 0);
  if (measured.losses.length >= 2 && measured.seconds >= seconds) break;
}
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
await network.release();

process.stdout.write(
  `${JSON.stringify({
    tokensPerSecond: measured.tokens / measured.seconds,
    functionsPerSecond: measured.functions / measured.seconds,
    peakMemoryBytes,
    batches: measured.losses.length,
    functions: measured.functions,
    seconds: measured.seconds,
    planSeconds,
    complete: measured.functions === lengths.length,
    paddingShare: 1 - measured.tokens / measured.slots,
    lossFirst: measured.losses[0],
    lossLast: measured.losses.at(-1),
    threads,
    cut: Number.isFinite(cut.blocksPerStage) ? `block (${cut.blocksPerStage})` : 'graph',
    activations: cut.activations,
    prefixes: values.prefixes,
    dropout: probability,
    weights: values.weights,
    ...(values.profile === 'yes' ? await profile() : {}),
  })}\n`,
);

/** Where the time of one step goes, apart from the measurement: profiling costs time and memory. */
async function profile() {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-profile-'));
  try {
    const profiled = networkOn(await ortBackend({ device: 'cpu', threads, profileFolder: folder }));
    await trainStep(profiled, plan[0]);
    await profiled.release();
    const { matrixProductShare, operators } = summariseProfiles(folder);
    return {
      matmulShare: matrixProductShare,
      operators: operators.slice(0, 10).map(({ opType, share }) => [opType, Number(share.toFixed(3))]),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
