/** @file Gets a generator: a base model by its reference, or a run or adapter folder with its base model. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAdapterFolder } from '../../adapters/files/adapter-files.ts';
import { Generator } from '../../generation/generator.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { openBaseModel, openTrainedModel } from '../open/open-base-model.ts';
import type { DeviceOptions } from '../open/open-detector.ts';

export interface OpenGeneratorOptions extends DeviceOptions {
  /** Commit, branch or tag of a model on the hub. */
  readonly revision?: string | undefined;
}

/**
 * Opens a decoder to continue texts and to score answers: a folder, a GGUF file, an id on the hub, or a run or adapter folder
 * whose adapter was trained on the language model itself. A model that is not on this machine yet is fetched.
 * @throws VultuneError for a model or adapter that cannot be used; NEXT_TOKEN_UNSUPPORTED for an encoder
 */
export async function openGenerator(
  reference: string,
  { revision, device = 'cpu', numThreads }: OpenGeneratorOptions = {},
  given?: Partial<WorkflowContext>,
): Promise<Generator> {
  const context = workflowContext(given);
  const backend = await ortBackend({ device, threads: numThreads });
  const header = isRun(reference) ? locateAdapter(reference) : undefined;
  const model =
    header === undefined
      ? await openBaseModel(reference, revision, context)
      : await openTrainedModel(header, device, context);
  try {
    return await Generator.open(model, header, { backend });
  } catch (error) {
    await model.checkpoint.close();
    throw error;
  }
}

/** A run that has no adapter yet is one too: locateAdapter says what is missing. */
const isRun = (path: string) =>
  isAdapterFolder(path) || isAdapterFolder(join(path, 'adapter')) || existsSync(join(path, 'run.json'));
