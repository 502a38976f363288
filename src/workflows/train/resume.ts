/** @file Resumes a stopped training: the same configuration, data and base model, from its last checkpoint. */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { isHubDataset } from '../../checkpoint/sources/hub-dataset.ts';
import { parseTrainConfig } from '../../config/load.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { readLabelledDataset } from '../../dataset/formats/read-dataset.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { fingerprintFile } from '../../runs/environment.ts';
import { isFinished, openRunToWrite, type WritableRun } from '../../runs/run-folder.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import { hasCheckpoint } from '../../training/checkpoints.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { adoptEvaluations } from '../torch/adopt-evaluations.ts';
import { type TorchOptions, trainWithTorch } from '../torch/train-with-torch.ts';
import { startParameters } from './init-adapter.ts';
import { configuredQuestion } from './reading.ts';
import { findStart } from './resume-point.ts';
import { openRunModelAgain, readRunModel, withMovedModel } from './run-model.ts';
import { firstParameters, planTraining } from './setup.ts';
import { type RecordsByKey, type TrainResult, trainInto } from './train-into.ts';

export interface ResumeOptions {
  /** A run folder. */
  readonly run: string;
  /**
   * Train again from the first step, regardless of its checkpoint and of whether it is finished. The files of a finished run stay
   * until those of the new training take their place. Default: false.
   */
  readonly startOver?: boolean;
  /** PyTorch takes the steps that are left. Default: Vultune's own engine does, whichever took the first ones. */
  readonly torch?: TorchOptions;
}

/**
 * Resumes a run from its last checkpoint; from the first step where no checkpoint was written, or where `startOver` says so.
 * @throws VultuneError `RUN_CHECKPOINT_MISSING`, `RUN_CHECKPOINT_BROKEN`, `RUN_CHECKPOINT_OTHER`, `RUN_MODEL_CHANGED`, `RUN_DATA_CHANGED`
 */
export async function resumeTraining(
  { run: dir, startOver = false, torch }: ResumeOptions,
  given?: Partial<WorkflowContext>,
): Promise<TrainResult> {
  const context = workflowContext(given);
  const run = openRunToWrite(dir);
  try {
    if (isFinished(run) && !startOver) {
      context.report.note(`the run in ${dir} is finished; its figures are in ${run.paths.metrics}`);
      return { status: 'finished before', run: dir };
    }
    const config = withMovedModel(parseTrainConfig(storedConfig(run), run.paths.record), run);
    await requireDevice(config.device);
    const records = await readRecordsAgain(run, config, context);
    const model = await openRunModelAgain(run, config, context);
    try {
      const question = await configuredQuestion(config, model);
      const plan = planTraining(config, model, records.get('train_file')!, question);
      // Where a checkpoint says how it went on, the adapter that it started from is not needed any more.
      const isStarted = !startOver && (await hasCheckpoint(run.paths.checkpoints));
      const parameters = isStarted
        ? await firstParameters(plan)
        : await startParameters(plan, readRunModel(run).initAdapter);
      const job = { run, plan, records, context };
      if (torch !== undefined) {
        return await trainWithTorch(job, { parameters, startOver }, torch);
      }
      const start = await findStart(run, parameters, startOver, context.report);
      run.events.append({
        type: 'resumed',
        step: start.state.step,
        checkpoint: start.checkpoint,
        pid: process.pid,
      });
      const scoresBestAgain = await adoptEvaluations(run, plan, records.get('valid_file')!, start.state);
      return await trainInto({ ...job, scoresBestAgain }, start.state);
    } finally {
      await model.checkpoint.close();
    }
  } finally {
    run.release();
  }
}

/** A run of before pairs were left out, or features smoothed, resumes as it began. */
const storedConfig = ({ record }: WritableRun) => ({
  drop_identical_pairs: false,
  int8_smoothing: 'off',
  ...record.config,
});

/** Throws RUN_DATA_CHANGED when a file is not what the run was started with. */
async function readRecordsAgain(
  run: WritableRun,
  config: TrainConfig,
  context: WorkflowContext,
): Promise<RecordsByKey> {
  const records = new Map<string, readonly LabelledRecord[]>();
  for (const [key, { path: recorded, sha256, columns }] of Object.entries(run.record.data)) {
    const reference = config[key as keyof TrainConfig];
    // A cache may have been emptied since.
    const isGone = typeof reference === 'string' && isHubDataset(reference) && !existsSync(recorded);
    const path = isGone ? await openDataFile(reference, context) : recorded;
    if ((await fingerprintFile(path)).sha256 !== sha256) {
      throw new VultuneError('RUN_DATA_CHANGED', `${key} is not the file that the run was started with`, {
        where: { file: path, name: key },
        hint: 'A resumed run must read what it read before: put the file back, or start a new run.',
      });
    }
    records.set(key, (await readLabelledDataset(path, { fields: columns })).records);
  }
  return records;
}
