/**
 * @file Trainings of the tiny fixture models by Vultune's own engine and by PyTorch, and how far apart they are. The Python is that
 * of tools/python-env.mjs, or VULTUNE_PYTHON.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readAllSafetensors } from '../../src/checkpoint/safetensors.ts';
import { checkTrainOptions } from '../../src/config/load.ts';
import type { TrainOptions } from '../../src/config/train-config.ts';
import { readEvents } from '../../src/runs/event-log.ts';
import type { Step } from '../../src/runs/events.ts';
import type { WorkflowContext } from '../../src/workflows/context.ts';
import { planForClusters } from '../../src/workflows/torch/plan-for-clusters.ts';
import type { TorchOptions } from '../../src/workflows/torch/train-with-torch.ts';
import { checkTrainInputs } from '../../src/workflows/train/inputs.ts';
import { startTraining, type TrainRequest } from '../../src/workflows/train/train.ts';
import { fixtureFolder, openFixture } from './tiny-model.ts';
import { letterTokenizer } from './trained-family.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Undefined, with the reason printed, where there is none. */
export function pythonWithTorch(): string | undefined {
  const candidates = [process.env.VULTUNE_PYTHON, join(ROOT, '.venv/bin/python')];
  const python = candidates.find((one) => one !== undefined && one !== '' && existsSync(one));
  if (python === undefined) {
    console.warn(
      'skipped: no Python with PyTorch (node tools/python-env.mjs makes one, VULTUNE_PYTHON names one)',
    );
  }
  return python;
}

/** One with PyTorch and Ray; undefined, with the reason printed, where there is none. */
export function pythonWithRay(): string | undefined {
  const candidates = [
    process.env.VULTUNE_RAY_PYTHON,
    process.env.VULTUNE_PYTHON,
    join(ROOT, '.venv/bin/python'),
  ];
  const python = candidates.find(
    (one) => one !== undefined && one !== '' && existsSync(join(dirname(one), 'ray')),
  );
  if (python === undefined) {
    console.warn(
      'skipped: no Python with PyTorch and Ray (pip install "ray[default]" beside PyTorch; VULTUNE_RAY_PYTHON names one)',
    );
  }
  return python;
}

/** One thread: on a busy machine the threads of PyTorch wait for one another. */
export const ONE_THREAD = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' } as const;

const letters = (length: number, k: number) =>
  Array.from({ length }, (_, i) => String.fromCharCode(34 + ((k * 7 + i * i * 3 + i) % 30))).join('');

/** Texts of one to 30 tokens. */
const texts = (count: number, first: number) =>
  Array.from({ length: count }, (_, k) => letters(1 + ((k * 7 + first) % 30), k + first));

/** A fixture's model with a tokenizer, and functions to train on, in `folder`. */
export async function tinyTraining(
  folder: string,
  fixture: string,
  options: Partial<TrainOptions> = {},
): Promise<(out: string, more?: Partial<TrainOptions>) => Promise<TrainRequest>> {
  const base = join(folder, 'base');
  mkdirSync(folder, { recursive: true });
  cpSync(join(fixtureFolder(fixture), 'base'), base, { recursive: true });
  const { vocabularySize } = (await openFixture(fixture)).model;
  writeFileSync(join(base, 'tokenizer.json'), JSON.stringify(letterTokenizer(vocabularySize)));
  writeFileSync(
    join(base, 'tokenizer_config.json'),
    '{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "!"}',
  );
  const written = (name: string, codes: readonly string[]) => {
    const rows = codes.map(
      (code, id) =>
        `${JSON.stringify({ id, code, target: id % 2, set: SETS[id % 3], cwe: CWES[id % 4], ...pairOf(id) })}\n`,
    );
    writeFileSync(join(folder, name), rows.join(''));
    return join(folder, name);
  };
  // Elsewhere pairs would be packed together.
  const pairOf = (id: number) => (options.pair_loss_weight === undefined ? {} : { pair: `${id >> 1}` });
  const common: TrainOptions = {
    base_model: base,
    train_file: written('train.jsonl', texts(40, 1)),
    valid_file: written('valid.jsonl', texts(12, 900)),
    output_dir: join(folder, 'run'),
    learning_rate: 1e-2,
    num_train_epochs: 6,
    functions_per_step: 8,
    tokens_per_batch: 64,
    lora_r: 4,
    lora_alpha: 8,
    lora_dropout: 0,
    max_length: 30,
    warmup_steps: 3,
    num_threads: 1,
    feature_cache: false,
    cache_dir: join(folder, 'cache'),
    ...options,
  };
  return async (out, more = {}) => {
    const config = checkTrainOptions({ ...common, ...more, output_dir: join(folder, out) });
    return { config, inputs: await checkTrainInputs(config) };
  };
}

const SETS = ['P1', 'P2', 'P3'] as const;
/** Vulnerable functions, the odd ones, take the two CWEs in turn. */
const CWES = [undefined, 'CWE-79', undefined, 'CWE-89'] as const;

export const trainOwn = async (request: TrainRequest, context: Partial<WorkflowContext> = {}) =>
  await startTraining(request, context);

export const trainInTorch = async (
  request: TrainRequest,
  torch: TorchOptions,
  context: Partial<WorkflowContext> = {},
) => await startTraining(request, context, torch);

/** Writes a plan and returns the command line that runs it into `run`. */
export async function plannedCommand(request: TrainRequest, plan: string, run: string): Promise<string[]> {
  await planForClusters(request, plan);
  return [plan, run, '--threads', '1'];
}

/** Runs the plans in one Python; returns their exit codes. */
export function runPlans(
  python: string,
  folder: string,
  commands: readonly (readonly string[])[],
): readonly number[] {
  const jobs = join(folder, 'jobs.json');
  writeFileSync(jobs, JSON.stringify(commands));
  const { stdout, stderr, status } = spawnSync(python, [join(ROOT, 'python/tests/run_plans.py'), jobs], {
    encoding: 'utf8',
    env: { ...process.env, ...ONE_THREAD },
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`run_plans.py failed: ${stderr}`);
  if (/error [A-Z]|Traceback/.test(stderr)) console.warn(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as number[];
}

export interface Difference {
  readonly steps: readonly [number, number];
  readonly loss: number;
  readonly gradientNorm: number;
  readonly adapter: number;
  /** How far the second run's adapter is from what training started from. */
  readonly learnt: number;
}

const stepsOf = (run: string) =>
  readEvents(join(run, 'events.jsonl')).filter(
    (event): event is Step & { timestampMs: number } => event.type === 'step',
  );

/** Largest differences of two runs: of losses and gradient norms step by step, of the last checkpoints' parameters. */
export async function differenceOf(a: string, b: string, start?: string): Promise<Difference> {
  const [ofA, ofB] = [stepsOf(a), stepsOf(b)];
  const most = (pick: (step: Step) => number) =>
    Math.max(...ofA.map((step, i) => Math.abs(pick(step) - pick(ofB[i]!))));
  return {
    steps: [ofA.length, ofB.length],
    loss: most(({ lossNats }) => lossNats),
    gradientNorm: most(({ gradientNorm }) => gradientNorm),
    adapter: await parameterDifference(join(a, LAST), join(b, LAST)),
    learnt: start === undefined ? 0 : await parameterDifference(start, join(b, LAST)),
  };
}

const LAST = 'checkpoints/last.safetensors';

/** A bias of keys changes no softmax: its gradient is rounding alone, which Adam scales up to whole steps. */
const KEY_BIAS = /(?:c_attn|k_proj)(?:\.base_layer)?\.bias$/;

/** The largest difference between parameters of the same key; infinite unless both files hold the same keys. */
export async function parameterDifference(a: string, b: string): Promise<number> {
  const [ofA, ofB] = [await parametersOf(a), await parametersOf(b)];
  let most = ofA.size === ofB.size && ofA.size > 0 ? 0 : Number.POSITIVE_INFINITY;
  for (const [key, data] of ofA) {
    if (KEY_BIAS.test(key)) continue;
    const other = ofB.get(key);
    if (other?.length !== data.length) return Number.POSITIVE_INFINITY;
    data.forEach((value, i) => {
      most = Math.max(most, Math.abs(value - other[i]!));
    });
  }
  return most;
}

async function parametersOf(file: string): Promise<Map<string, readonly number[]>> {
  const tensors = [...(await readAllSafetensors(file))];
  const isCheckpoint = tensors.some(([name]) => name.startsWith('parameter/'));
  return new Map(
    tensors
      .filter(([name]) => !isCheckpoint || name.startsWith('parameter/'))
      .map(([name, { data }]) => [name.replace(/^parameter\//, ''), Array.from(data, Number)]),
  );
}

export const readText = (file: string) => readFileSync(file, 'utf8');
