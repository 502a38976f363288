/** @file Gets a base model: fetched where it is not on this machine yet, then opened. */

import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { readTokenizer } from '../../checkpoint/tokenizer-files.ts';
import { baseModelReference } from '../../judging/locate-adapter.ts';
import { type ModelIdentity, modelIdentity } from '../../network/model-identity.ts';
import { type OpenModel, type OpenModelOptions, openModel } from '../../network/open-model.ts';
import type { Device } from '../../runtime/backend.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { openTrainedFormat } from './choose-weight-format.ts';
import { downloadProgress } from './download-progress.ts';

/** Warns of what the model's files leave unsaid. */
export async function openBaseModel(
  reference: string,
  revision: string | undefined,
  { signal, report }: WorkflowContext,
  options: OpenModelOptions = {},
): Promise<OpenModel> {
  const progress = downloadProgress('model', report);
  try {
    const { path } = await resolveModel(reference, {
      ...(revision === undefined ? {} : { revision }),
      onProgress: progress.onProgress,
      signal,
    });
    const model = await openModel(path, options);
    for (const note of model.checkpoint.notes) report.warn(`${path}: ${note}`);
    return model;
  } finally {
    progress.stop();
  }
}

/** The base model of an adapter: the layers it was trained on, with its own tokenizer where its folder has one. */
async function openAdaptedModel(
  header: AdapterHeader,
  context: WorkflowContext,
  format?: WeightFormat,
): Promise<OpenModel> {
  const ownTokenizer = await readTokenizer(header.folder);
  const { keepLayers } = header.settings ?? {};
  const options = { ownTokenizer, keepLayers, format };
  return await openBaseModel(baseModelReference(header), header.config.revision, context, options);
}

/**
 * The same with its weights in a format, or else as the adapter was trained beside them; warns of what the adapter's files
 * leave unsaid.
 * @throws VultuneError as `openTrainedFormat` and the reader of the model
 */
export async function openTrainedModel(
  header: AdapterHeader,
  device: Device,
  context: WorkflowContext,
  format?: WeightFormat,
): Promise<OpenModel> {
  for (const note of header.notes) context.report.warn(note);
  const held = format ?? (await openTrainedFormat(header, device, context));
  return await openAdaptedModel(header, context, held);
}

/** What the adapter was trained with, as it says; where it does not say all, of its model as it is. */
export async function adaptedIdentity(
  header: AdapterHeader,
  context: WorkflowContext,
): Promise<ModelIdentity> {
  const { baseFingerprint, configFingerprint, tokenizerFingerprint } = header.settings ?? {};
  if (baseFingerprint && configFingerprint && tokenizerFingerprint) {
    return { baseFingerprint, configFingerprint, tokenizerFingerprint };
  }
  const model = await openAdaptedModel(header, context);
  await model.checkpoint.close();
  return modelIdentity(model);
}
