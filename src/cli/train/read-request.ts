/** @file From the arguments of `train` and `plan` to a training whose input is checked. */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { loadTrainConfig } from '../../config/load.ts';
import type { TrainRequest } from '../../workflows/train/train.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';

/** @throws VultuneError CLI_USAGE without a configuration, and what reading it and its data throws */
export async function readRequest(
  command: string,
  config: string | undefined,
  overrides: readonly string[],
  context: CliContext,
): Promise<TrainRequest> {
  if (config === undefined) {
    throw new VultuneError(
      'CLI_USAGE',
      `no configuration given: expected a YAML file${command === 'train' ? ', or --resume RUN' : ''}`,
      {
        hint: `vultune ${command} --help shows examples`,
      },
    );
  }
  // Everything can be said in overrides: then the first of them stands where the file would.
  const isOverride = config.includes('=') && !existsSync(config);
  const resolved = loadTrainConfig(
    isOverride ? { overrides: [config, ...overrides] } : { file: config, overrides },
  );
  // The readers of datasets and the hub's client: other commands do not wait for them.
  const { checkTrainInputs } = await import('../../workflows/train/inputs.ts');
  return { config: resolved, inputs: await checkTrainInputs(resolved, reporting(context)) };
}
