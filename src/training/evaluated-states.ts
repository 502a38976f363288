/**
 * @file Checkpoints of evaluations that another engine made (python/vultune_torch): parameters with the scores that they give the
 * validation functions. Metrics are computed here, and the best is chosen.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { finiteFloats } from '../adapters/files/finite-floats.ts';
import { readSafetensors } from '../checkpoint/safetensors.ts';
import { hostTensor } from '../tensor/host-tensor.ts';
import { otherCheckpoint } from './checkpoint-file.ts';

export interface EvaluatedState {
  readonly step: number;
  readonly parameters: AdapterParameters;
  /** [functions] of the validation file. */
  readonly validScores: Float64Array;
}

const NAME = /^evaluated-(\d{1,12})\.safetensors$/;

export interface EvaluatedFile {
  readonly step: number;
  readonly file: string;
}

/** In the order of their steps. */
export function evaluatedFiles(folder: string): readonly EvaluatedFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const step = NAME.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), file: join(folder, name) }];
    })
    .toSorted((a, b) => a.step - b.step);
}

/** @throws VultuneError `RUN_CHECKPOINT_OTHER` where it is not one for these parameters and so many functions */
export async function readEvaluated(
  { step, file }: EvaluatedFile,
  like: AdapterParameters,
  functions: number,
): Promise<EvaluatedState> {
  const validScores = await readEvaluatedScores(file, functions);
  const stored = await readSafetensors(file);
  const parameters = new Map();
  for (const [key, { shape }] of like) {
    const name = `parameter/${key}`;
    const held = stored.tensors.get(name);
    if (held?.dtype !== 'F32' || held.shape.join() !== shape.join()) throw otherCheckpoint(file, name);
    const { data } = finiteFloats(await stored.read(name), { file, name });
    parameters.set(key, hostTensor('float32', shape, data));
  }
  return { step, parameters, validScores };
}

/** [functions] of the validation file. @throws VultuneError `RUN_CHECKPOINT_OTHER` where it has others than so many */
export async function readEvaluatedScores(file: string, functions: number): Promise<Float64Array> {
  const stored = await readSafetensors(file);
  const held = stored.tensors.get('valid_scores');
  if (held?.dtype !== 'F64' || held.shape.join() !== `${functions}`) {
    throw otherCheckpoint(file, 'valid_scores');
  }
  const { data } = await stored.read('valid_scores');
  const scores = data as Float64Array;
  if (!scores.every((score) => score >= 0 && score <= 1)) throw otherCheckpoint(file, 'valid_scores');
  return scores;
}

/** Once the best of them is in the adapter. */
export function removeEvaluated(folder: string): void {
  for (const { file } of evaluatedFiles(folder)) rmSync(file, { force: true });
}
