/**
 * @file Worker: one optimiser step of LoRA on a model of any size, from the files to AdamW, and where its time goes. Imports the engine
 * from dist/ and prints one JSON line: peakMemoryBytes, memoryBytes behind each part, tokens, layers, loss, and secondsOf: open, read
 * (from files, decoded), quantise, compile, forward, last (the last block with the head, forward and backward), backward, optimiser.
 *
 * node step.mjs --model FOLDER [--weights nf4] [--tokens 2048] [--functions 4] [--rank 8] [--threads 2] [--keep-layers N]
 *   [--activations recompute] [--steps 1]
 */
import { parseArgs } from 'node:util';
import { initialParameters } from '../../dist/adapters/adapter-parameters.js';
import { planLora } from '../../dist/adapters/lora-plan.js';
import { randomStream } from '../../dist/base/random.js';
import { Network } from '../../dist/network/network.js';
import { openModel } from '../../dist/network/open-model.js';
import { packSequence } from '../../dist/packing/pack-sequence.js';
import { ortBackend } from '../../dist/runtime/ort/ort-backend.js';
import { timedBackend } from '../../dist/runtime/timed-backend.js';
import { classify } from '../../dist/tasks/classify.js';
import { adamWStep, zerosLike } from '../../dist/training/adamw.js';
import { clipGradients } from '../../dist/training/gradient-clipping.js';
import { BaseWeights } from '../../dist/weights/base-weights.js';
import { weightFormatNamed } from '../../dist/weights/registry.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    weights: { type: 'string', default: 'nf4' },
    tokens: { type: 'string', default: '2048' },
    functions: { type: 'string', default: '4' },
    rank: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '1' },
    'keep-layers': { type: 'string' },
    activations: { type: 'string', default: 'recompute' },
  },
});

const secondsOf = {
  open: 0,
  read: 0,
  quantise: 0,
  compile: 0,
  forward: 0,
  last: 0,
  backward: 0,
  optimiser: 0,
};
const callsOf = { forward: 0, backward: 0 };

/** Adds the time of a call to a part. */
async function timed(part, call) {
  const begin = performance.now();
  try {
    return await call();
  } finally {
    secondsOf[part] += (performance.now() - begin) / 1000;
  }
}

const format = weightFormatNamed(values.weights);
const keepLayers = values['keep-layers'] === undefined ? undefined : Number(values['keep-layers']);
const model = await timed('open', () => openModel(values.model, { format, keepLayers }));
const { checkpoint } = model;
const weights = new BaseWeights(
  {
    ...checkpoint,
    read: (name) => timed('read', () => checkpoint.read(name)),
    ...(checkpoint.readFourBit && {
      readFourBit: (name) => timed('read', () => checkpoint.readFourBit(name)),
    }),
  },
  {
    ...format,
    encode: (matrix) => {
      const begin = performance.now();
      const parts = format.encode(matrix);
      secondsOf.quantise += (performance.now() - begin) / 1000;
      return parts;
    },
  },
);

const untimed = await ortBackend({ device: 'cpu', threads: Number(values.threads) });
const compiling = { ...untimed, compile: (graph) => timed('compile', () => untimed.compile(graph)) };
const backend = timedBackend(compiling, ({ outputs }, durationMs) => {
  const names = outputs.map(({ name }) => name);
  const part = names.includes('loss') ? 'last' : names.includes('output') ? 'forward' : 'backward';
  secondsOf[part] += durationMs / 1000;
  if (part in callsOf) callsOf[part]++;
});

const LORA = {
  rank: Number(values.rank),
  alpha: 32,
  dropout: 0,
  targetModules: 'all-linear',
  layers: 'all',
  useRsLora: false,
  rankPattern: {},
  alphaPattern: {},
};
const adapted = planLora(model.spec, LORA);
const { head, objective } = classify(model.spec, { pooling: 'last', loss: { kind: 'cross_entropy' } });
const parameters = initialParameters(adapted, head, 42);
const gradients = zerosLike(parameters);
const optimizer = { firstMoment: zerosLike(parameters), secondMoment: zerosLike(parameters), step: 0 };
const network = new Network({
  model: model.spec,
  weights,
  adapted,
  parameters,
  backend,
  blocksPerStage: 1,
  activations: values.activations,
});

const count = Number(values.functions);
const length = Math.floor(Number(values.tokens) / count);
const stream = randomStream(1, 'ids');
const ids = Array.from({ length: count }, () =>
  Array.from({ length }, () => stream.integer(model.spec.vocabularySize)),
);
const sequence = packSequence(ids, { packing: 'isolated' });
const examples = ids.map((_, i) => ({ target: i % 2, weight: 1 }));

const losses = [];
const stepSeconds = [];
for (let step = 0; step < Number(values.steps); step++) {
  const begin = performance.now();
  for (const gradient of gradients.values()) gradient.fill(0);
  const targets = { objective, feeds: objective.feeds(examples, 1 / count), dropout: undefined };
  losses.push((await network.step(sequence, head, targets, gradients)).loss);
  await timed('optimiser', async () => {
    clipGradients(gradients, 1);
    adamWStep(parameters, gradients, optimizer, 1e-4, {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
    });
  });
  stepSeconds.push((performance.now() - begin) / 1000);
}
const memoryBytes = process.memoryUsage.rss();
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
await network.release();
process.stdout.write(
  `${JSON.stringify({
    peakMemoryBytes,
    memoryBytes,
    tokens: count * length,
    functions: count,
    layers: model.spec.layers.length,
    loss: losses.at(-1),
    losses,
    stepSeconds,
    secondsOf,
    callsOf,
  })}\n`,
);
