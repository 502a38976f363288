/**
 * @file The plan folder that PyTorch trains from: plan.json, the functions' token ids with labels and weights, the adapter that
 * training starts from, and the Python files that run it. plan.json names every other file with its SHA-256.
 */
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { type AdapterToWrite, writeAdapter } from '../adapters/files/adapter-files.ts';
import { makeFolder, writeFileAtomic } from '../base/files.ts';
import { hashFile } from '../base/hash-file.ts';
import { writeSafetensors } from '../checkpoint/safetensors.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { PackedSteps } from './packed-steps.ts';

/** Raised when a reader of the old format would misread the new one; python/vultune_torch/plan.py has the same number. */
export const PLAN_FORMAT_VERSION = 3;

/** Where Transformers finds the base model. */
export interface PlannedBase {
  /** As configured: a hub id or a path. */
  readonly reference: string;
  readonly revision: string | null;
  /** Where it lies on this machine. */
  readonly path: string;
  readonly fingerprint: string;
}

/** What Transformers' class of the model must be told. */
export interface PlannedModel {
  readonly family: string;
  readonly pooling: 'last' | 'first' | 'mean';
  /** `packed`: functions in one row, told apart by position ids; `rows`: a padded row each. */
  readonly layout: 'packed' | 'rows';
  /** The token that its own classifier reads. */
  readonly token: 'last' | 'first';
  /** First tokens of the answers [safe, vulnerable], where the language model says them; null for a classifier. */
  readonly answers: readonly [number, number] | null;
  /** Between two functions that are joined; null: nothing. */
  readonly separator: number | null;
  readonly evaluatesOnStart: boolean;
  /** The module of the head. */
  readonly head: string;
  /** Whether that module takes [B, tokens, D] and reads the first token itself. */
  readonly takesTokens: boolean;
  readonly isToldPooling: boolean;
  /** `classifier_pooling` of its configuration, where it has one. */
  readonly poolingSetting: string | null;
  readonly topLayers: number;
  /** The module that they are put into. */
  readonly topModule: string;
  /** Transformers has no class with the head. */
  readonly ownClass: boolean;
  /** Keys of the head's parameters, which have a learning rate of their own. */
  readonly headKeys: readonly string[];
  /** Keys of parameters that files hold transposed. */
  readonly transposed: readonly string[];
}

export interface PlannedFunction {
  readonly ids: readonly number[];
  readonly label: number;
  readonly weight: number;
  /** [tokens] what stands behind each token, -1 where it is not learnt; undefined for a classifier. */
  readonly next?: readonly number[] | undefined;
  /** Index of the fixed version that this vulnerable function has to score above. */
  readonly fixedVersion?: number | undefined;
  /** Indices of its CWEs among the classes of the CWE head. */
  readonly cwes?: readonly number[] | undefined;
}

/** The second matrix of a head that names CWEs. */
export interface PlannedCweHead {
  /** K */
  readonly classes: number;
  /** Its first values. */
  readonly parameters: AdapterParameters;
}

export interface PlanToWrite extends PackedSteps {
  readonly vultune: string;
  readonly config: object;
  readonly base: PlannedBase;
  readonly model: PlannedModel;
  readonly warmupSteps: number;
  readonly train: readonly PlannedFunction[];
  /** [functions to train on] how hard each is, for a curriculum by loss: checkpoints hold it. */
  readonly difficulty?: Float64Array | undefined;
  readonly valid: readonly PlannedFunction[];
  /** Passes over the validation functions. */
  readonly validation: readonly (readonly number[])[];
  readonly start: AdapterToWrite;
  readonly cweHead?: PlannedCweHead | undefined;
}

const RANKS =
  'pass i of a step is taken by rank i mod N of N ranks; the gradients of all ranks are added up before the optimiser steps, so no number of ranks changes a step';

/** The Python of this package: run_plan.py and what it imports. */
export const PYTHON_FOLDER = fileURLToPath(new URL('../../python/', import.meta.url));

/** What of that folder a plan takes along. */
const RUNNER = ['run_plan.py', 'requirements.txt', 'vultune_torch'] as const;

/** The same plan gives the same bytes. Throws FILE_... when the folder cannot be written. */
export async function writePlanFolder(folder: string, plan: PlanToWrite): Promise<void> {
  makeFolder(folder);
  for (const name of RUNNER) {
    cpSync(join(PYTHON_FOLDER, name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.includes('__pycache__'),
    });
  }
  await writeAdapter(join(folder, 'start'), plan.start);
  // PEFT reads the other file of the folder, and no tensor that its configuration does not name.
  if (plan.cweHead !== undefined) {
    await writeSafetensors(join(folder, 'start/cwe_head.safetensors'), plan.cweHead.parameters);
  }
  await writeSafetensors(
    join(folder, 'functions.safetensors'),
    new Map([
      ...functionTensors('train', plan.train),
      ...functionTensors('valid', plan.valid),
      ...(plan.cweHead === undefined
        ? []
        : [['train.cwe_shares', cweShares(plan.train, plan.cweHead.classes)] as const]),
      ...(plan.difficulty === undefined
        ? []
        : [['difficulty', hostTensor('float64', [plan.train.length], plan.difficulty)] as const]),
    ]),
  );
  const files = ['functions.safetensors', ...filesIn(folder, 'start'), ...filesIn(folder, 'vultune_torch')];
  const hashes: Record<string, string> = {};
  for (const name of [...files, 'run_plan.py']) hashes[name] = (await hashFile(join(folder, name))).sha256;
  const { vultune, config, base, model, warmupSteps, steps, stepsPerEpoch, validation } = plan;
  const json = {
    formatVersion: PLAN_FORMAT_VERSION,
    vultune,
    files: hashes,
    ranks: RANKS,
    base,
    model,
    config,
    warmupSteps,
    stepsPerEpoch,
    steps,
    validation,
  };
  // Last: a plan that is there is whole.
  writeFileAtomic(join(folder, 'plan.json'), `${JSON.stringify(json)}\n`);
}

const filesIn = (folder: string, name: string) =>
  readdirSync(join(folder, name))
    .filter((file) => !file.startsWith('__pycache__'))
    .toSorted()
    .map((file) => `${name}/${file}`);

/** [functions, K]: each CWE of a function has the same share of it. */
function cweShares(functions: readonly PlannedFunction[], K: number): HostTensor {
  const shares = new Float32Array(functions.length * K);
  for (const [row, { cwes = [] }] of functions.entries()) {
    for (const cwe of cwes) shares[row * K + cwe] = 1 / cwes.length;
  }
  return hostTensor('float32', [functions.length, K], shares);
}

const NO_PAIR = -1;

/** Token ids one after the other; function i is tokens[offsets[i] .. offsets[i + 1]]. */
function functionTensors(
  name: string,
  functions: readonly PlannedFunction[],
): (readonly [string, HostTensor])[] {
  const offsets = new BigInt64Array(functions.length + 1);
  functions.forEach(({ ids }, i) => {
    offsets[i + 1] = offsets[i]! + BigInt(ids.length);
  });
  const tokens = new Int32Array(Number(offsets.at(-1)!));
  functions.forEach(({ ids }, i) => {
    tokens.set(ids, Number(offsets[i]!));
  });
  const F = functions.length;
  const hasNext = functions.some(({ next }) => next !== undefined);
  const hasPairs = functions.some(({ fixedVersion }) => fixedVersion !== undefined);
  const fixedVersions = Int32Array.from(functions, ({ fixedVersion = NO_PAIR }) => fixedVersion);
  const nexts = Int32Array.from(hasNext ? functions.flatMap(({ next = [] }) => next) : []);
  return [
    ...(hasNext ? [[`${name}.next`, hostTensor('int32', [tokens.length], nexts)] as const] : []),
    ...(hasPairs ? [[`${name}.fixed_versions`, hostTensor('int32', [F], fixedVersions)] as const] : []),
    [`${name}.tokens`, hostTensor('int32', [tokens.length], tokens)],
    [`${name}.offsets`, hostTensor('int64', [F + 1], offsets)],
    [
      `${name}.labels`,
      hostTensor(
        'int32',
        [F],
        Int32Array.from(functions, ({ label }) => label),
      ),
    ],
    [
      `${name}.weights`,
      hostTensor(
        'float32',
        [F],
        Float32Array.from(functions, ({ weight }) => weight),
      ),
    ],
  ];
}
