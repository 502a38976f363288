/**
 * @file The training benchmark: Vultune, by its own engine and by PyTorch (--engine torch), beside Transformers + PEFT on the same
 * model, functions, LoRA and threads. Says who takes part and how the table reads; the measuring is in the workers (ours.mjs,
 * plan_worker.py, peft_worker.py).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { resolveBaseModel, smolLm2 } from '../../tools/base-model.mjs';
import { chosen, contest, peersPython, withWorkFolder } from '../contest.mjs';
import { cpuHasBfloat16, functionOptions, peersEnv, writeFunctions } from '../functions.mjs';
import { readOptions, say, wholeNumber } from '../results.mjs';
import { table } from '../summary.mjs';
import { BenchError } from '../worker.mjs';

const here = import.meta.dirname;

export const usage = `npm run bench -- training [options]
  --data FILE.jsonl   functions to train on (code, target); default: data/x1/train.jsonl of the shared folder
  --model REF         GGUF file, folder or pypi:NAME==VERSION; default ${smolLm2}
  --functions 32      how many functions (a multiple of 8), drawn with a fixed seed to be like the whole file
  --max-length 512    tokens a function is cut at
  --rounds 3          every contender runs once a round; figures are medians
  --seconds 40        a worker stops after the batch that passes this, not before two batches
  --threads 2
  --weights float32,int8,int8-exact  how ours holds the matrices; also int8-smoothed, nf4, as-stored, ...
  --only a,b          contenders whose names begin so: ours, ours-torch, peft, peft-random8-float32, ...
  --out FILE.json     default bench/results/training-TIME.json`;

const required = ['tokensPerSecond', 'functionsPerSecond', 'peakMemoryBytes', 'batches'];
/** The packed plan in PyTorch. */
const oursTorch = 'ours-torch-bfloat16';
const peftModes = ['random8', 'grouped8', 'padded2048'];
/** Padded to 2048 in bfloat16 is nobody's best and slow to measure. */
const bfloat16Modes = ['random8', 'grouped8'];

/** @returns {Promise<number>} exit code: 1 when a contender failed */
export async function run(args) {
  const options = parseOptions(args);
  const python = peersPython();
  const model = resolveBaseModel(options.model, { python });
  return await withWorkFolder(async (work) => {
    const functionsFile = join(work, 'functions.json');
    const files = { functions: functionsFile, plan: join(work, 'plan') };
    const contenders = chosen(allContenders(python, model, files, options), options.only);
    const job = writeFunctions(python, model, functionsFile, options);
    if (contenders.some(({ name }) => name === oursTorch)) writePlan(model, files);
    say(
      `${job.functions} functions, ${job.tokens} tokens; ${contenders.map((each) => each.name).join(', ')}`,
    );
    return await contest(contenders, { options, required, facts: { job }, report });
  });
}

function parseOptions(args) {
  const values = readOptions(args, {
    data: undefined,
    model: smolLm2,
    functions: '32',
    'max-length': '512',
    rounds: '3',
    seconds: '40',
    threads: '2',
    weights: 'float32,int8,int8-exact',
    only: undefined,
    out: undefined,
  });
  return {
    ...functionOptions(values, 'training'),
    seconds: wholeNumber('seconds', values.seconds),
    weights: values.weights.split(','),
  };
}

/** The packed steps that PyTorch takes. */
function writePlan(model, { functions, plan }) {
  const args = [join(here, 'plan.mjs'), '--model', model, '--functions', functions, '--out', plan];
  const { status, error } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new BenchError(`plan.mjs failed: ${error?.message ?? `exit code ${status}`}`);
}

function allContenders(python, model, files, { seconds, threads, weights: formats }) {
  const limits = ['--seconds', String(seconds), '--threads', String(threads)];
  const job = ['--model', model, '--functions', files.functions, ...limits];
  const peft = (mode, dtype, adapterDtype = 'same') => ({
    name: `peft-${mode}-${dtype}${adapterDtype === 'same' ? '' : `-adapters-${adapterDtype}`}`,
    command: python,
    args: [
      join(here, 'peft_worker.py'),
      '--mode',
      mode,
      '--dtype',
      dtype,
      '--adapter-dtype',
      adapterDtype,
      ...job,
    ],
    env: peersEnv(threads),
  });
  const ours = formats.map((weights) => ({
    name: weights === 'float32' ? 'ours' : `ours-${weights}`,
    command: process.execPath,
    args: [join(here, 'ours.mjs'), ...job, '--weights', weights],
  }));
  const ofPlan = {
    name: oursTorch,
    command: python,
    args: [join(here, 'plan_worker.py'), '--plan', files.plan, '--dtype', 'bf16', ...limits],
    env: peersEnv(threads),
  };
  const float32 = peftModes.map((mode) => peft(mode, 'float32'));
  // PEFT keeps adapters in float32 by default, whatever the model's type; with all of it in bfloat16 it is faster.
  const bfloat16 = cpuHasBfloat16()
    ? [
        ofPlan,
        ...bfloat16Modes.map((mode) => peft(mode, 'bfloat16')),
        peft('grouped8', 'bfloat16', 'float32'),
      ]
    : [];
  return [...ours, ...float32, ...bfloat16];
}

/** @returns {string} a row a contender: medians, the range of the speed, and how each of ours stands to a peer */
export function report(summary) {
  const ours = [...summary].filter(([name]) => isOurs(name));
  const head = [
    '',
    'tokens/s',
    'min-max',
    'functions/s',
    'peak GB',
    'matmul',
    'rounds',
    ...ours.map(([name]) => `${name} is`),
    'memory ours/its',
  ];
  const rows = [...summary].map(([name, figures]) => {
    const { tokensPerSecond: speed, functionsPerSecond, peakMemoryBytes: memory, matmulShare } = figures;
    const compared = (text) => (isOurs(name) ? '' : text);
    return [
      name,
      speed.median.toFixed(1),
      `${speed.min.toFixed(0)}-${speed.max.toFixed(0)}`,
      functionsPerSecond.median.toFixed(2),
      (memory.median / 1e9).toFixed(2),
      matmulShare ? `${(100 * matmulShare.median).toFixed(0)} %` : '',
      String(speed.count),
      ...ours.map(([, our]) => compared(`${(our.tokensPerSecond.median / speed.median).toFixed(2)}x`)),
      compared(memoryRatio(summary.get('ours'), memory)),
    ];
  });
  return table([head, ...rows]);
}

const isOurs = (name) => name === 'ours' || name.startsWith('ours-');

function memoryRatio(ours, memory) {
  return ours ? (ours.peakMemoryBytes.median / memory.median).toFixed(2) : '';
}
