/** @file What run.json keeps of a training before it begins: configuration, environment, fingerprints of the data, base model. */
import { resolve } from 'node:path';
import { pathFrom } from '../../base/moved-path.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { currentEnvironment, type FileFingerprint, fingerprintFile } from '../../runs/environment.ts';
import type { RunRecord } from '../../runs/run-folder.ts';
import { packageVersions } from '../package-versions.ts';
import type { CheckedFile } from './inputs.ts';
import { joinedWarning } from './joined-text.ts';
import { runModel } from './run-model.ts';

export type RunDescription = Required<Pick<RunRecord, 'config' | 'environment' | 'data' | 'model'>> &
  Pick<RunRecord, 'notes'>;

export async function describeRun(
  config: TrainConfig,
  inputs: readonly CheckedFile[],
  model: OpenModel,
): Promise<RunDescription> {
  const data: Record<string, FileFingerprint> = {};
  for (const { key, path, columns } of inputs) {
    const pathFromRun = pathFrom(config.output_dir, path);
    data[key] = {
      ...(await fingerprintFile(resolve(path))),
      pathFromRun,
      ...(columns === undefined ? {} : { columns }),
    };
  }
  const environment = currentEnvironment({
    versions: packageVersions(),
    device: config.device,
    ...(config.num_threads === null ? {} : { threads: config.num_threads }),
  });
  const warning = joinedWarning(config);
  return {
    config,
    environment,
    data,
    model: await runModel(config, model),
    ...(warning === undefined ? {} : { notes: [warning] }),
  };
}
