/** @file A training planned for machines where Vultune does not run: the plan folder, and run.json for when its run comes back. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { RUN_FORMAT_VERSION } from '../../runs/run-folder.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { resolveLength } from '../train/length.ts';
import { configuredQuestion } from '../train/reading.ts';
import { openRunModel } from '../train/run-model.ts';
import { describeRun } from '../train/run-record.ts';
import { planTraining } from '../train/setup.ts';
import type { TrainRequest } from '../train/train.ts';
import { writeTrainingPlan } from './write-plan.ts';

export interface ClusterPlan {
  readonly folder: string;
  /** Optimiser steps of the whole training. */
  readonly totalSteps: number;
  /** Functions to train on in an epoch. */
  readonly functions: number;
}

/**
 * Writes the folder that `run_plan.py` in it trains from, on any number of machines. Copied back, its run folder is evaluated by
 * `resumeTraining`.
 * @throws VultuneError `PLAN_EXISTS`, `TORCH_CONFIG_UNSUPPORTED`, and what a training throws before its first step
 */
export async function planForClusters(
  { config: given, inputs }: TrainRequest,
  folder: string,
  givenContext?: Partial<WorkflowContext>,
): Promise<ClusterPlan> {
  const context = workflowContext(givenContext);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new VultuneError('PLAN_EXISTS', `the folder ${folder} is not empty`, {
      where: { file: folder },
      hint: 'Choose another folder, or remove it.',
    });
  }
  const records = new Map(inputs.map((input) => [input.key, input.records]));
  const model = await openRunModel(given, context);
  try {
    const train = records.get('train_file')!;
    const question = await configuredQuestion(given, model);
    const config = resolveLength(given, model, question, train, context.report);
    const plan = planTraining(config, model, train, question);
    const description = await describeRun(config, inputs, model);
    const { totalSteps, functions } = await writeTrainingPlan(
      folder,
      plan,
      records,
      description.data,
      context,
    );
    if (config.early_stopping_patience !== null) {
      context.report.note(
        'a plan that runs alone takes all of its steps: what early_stopping_patience would have kept is chosen when its run is evaluated',
      );
    }
    const record = { formatVersion: RUN_FORMAT_VERSION, createdAt: new Date().toISOString(), ...description };
    writeFileAtomic(join(folder, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
    return { folder, totalSteps, functions };
  } finally {
    await model.checkpoint.close();
  }
}
