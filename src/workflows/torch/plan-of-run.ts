/** @file The plan in a run folder that PyTorch takes its steps from: where it lies, and whether it is that run's. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import { checkJson } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { TrainingPlan } from '../train/setup.ts';

/** The plan's folder in a run. */
export const planFolderOf = (run: string): string => join(run, 'plan');

const planFileOf = (run: string): string => join(planFolderOf(run), 'plan.json');

/** Whether a run has such a plan: PyTorch took its steps, or some of them. */
export const hasTorchPlan = (run: string): boolean => existsSync(planFileOf(run));

/** So that the run is planned anew. */
export const removeTorchPlan = (run: string): void => rmSync(planFileOf(run), { force: true });

const schema = z.looseObject({
  config: z.record(z.string(), z.unknown()),
  base: z.looseObject({ fingerprint: z.string() }),
});

/** Where things lie and how many threads there are: a run may have moved since, and its steps are the same. */
const OF_A_MACHINE = new Set([
  'base_model',
  'train_file',
  'valid_file',
  'test_file',
  'output_dir',
  'cache_dir',
  'num_threads',
]);

/**
 * PyTorch trains by the plan alone, so another's would silently train another model.
 * @throws VultuneError `TORCH_PLAN_OTHER` where its settings or its base model are others; `TORCH_PLAN_BROKEN`
 */
export function requirePlanOfRun(
  run: string,
  { config, model }: { readonly config: object; readonly model: { readonly checkpoint: Fingerprinted } },
): void {
  const file = planFileOf(run);
  const stored = checkJson(schema, readTextFile(file), {
    code: 'TORCH_PLAN_BROKEN',
    file,
    hint: 'Copy the whole folder again, or remove it: it is written anew.',
  });
  const own: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(config));
  // A key that only one of them has is one that the version which wrote the other did not know.
  const key = Object.keys(own).find(
    (one) =>
      !OF_A_MACHINE.has(one) &&
      Object.hasOwn(stored.config, one) &&
      JSON.stringify(own[one]) !== JSON.stringify(stored.config[one]),
  );
  if (key !== undefined) {
    const [planned, ofRun] = [stored.config[key], own[key]].map((value) => JSON.stringify(value));
    throw other(file, `plans with ${key} ${planned}, and the run has ${ofRun}`);
  }
  if (stored.base.fingerprint !== model.checkpoint.fingerprint)
    throw other(file, 'is for another base model');
}

type Fingerprinted = Pick<TrainingPlan['model']['checkpoint'], 'fingerprint'>;

const other = (file: string, what: string) =>
  new VultuneError('TORCH_PLAN_OTHER', `the plan in the run folder ${what}`, {
    where: { file },
    hint: "Put the run's own plan folder there, or remove this one: it is written anew.",
  });
