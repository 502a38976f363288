/**
 * @file What a training checks beyond the configuration and the data: the output folder, the device, and everything `train` asks of
 * the base model before the first step. If a model of the hub is not on this machine, its configuration, tokenizer and headers are
 * fetched; a Python package is not.
 */
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { formatBytes } from '../../base/numbers.ts';
import { outlineHubModel } from '../../checkpoint/sources/hub-outline.ts';
import { isOffline, parseReference } from '../../checkpoint/sources/model-source.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import type { UnresolvedConfig } from '../../config/train-config.ts';
import { partWarnings } from '../../dataset/part-warnings.ts';
import { type OpenModel, openModel } from '../../network/open-model.ts';
import { firstTrainedLayer } from '../../network/stage-plan.ts';
import { requireDevice } from '../../runtime/ort/devices.ts';
import { requireChoice } from '../../training/active-sampling.ts';
import { weightFormatNamed } from '../../weights/registry.ts';
import type { WorkflowContext } from '../context.ts';
import { configuredFormat } from '../open/choose-weight-format.ts';
import { type EstimateOptions, estimateTraining, type TrainingEstimate } from '../plan/estimate.ts';
import { describeEstimate } from '../plan/estimate-text.ts';
import { augmentText } from './augment.ts';
import { withPrompt } from './chat-question.ts';
import { reportCwe } from './cwe-text.ts';
import { cutPart, evaluationFunctions, trainingExamples } from './examples.ts';
import { initWords, startParameters } from './init-adapter.ts';
import { reportJoined } from './joined-text.ts';
import { resolveLength } from './length.ts';
import { configuredQuestion, taskWarning } from './reading.ts';
import { firstParameters, planTraining } from './setup.ts';
import type { TrainRequest } from './train.ts';
import { reportTruncation } from './truncation-text.ts';

export interface TrainingCheck {
  /** The configuration that was asked for, with a length in place of `max_length: auto` where the model is here. */
  readonly config: UnresolvedConfig;
  /** What was found, a sentence each. */
  readonly notes: readonly string[];
  /** What `train` would do all the same, and should not be missed. */
  readonly warnings: readonly string[];
  /** One phrase each. */
  readonly unchecked: readonly string[];
  /** Undefined where the model could not be asked: `unchecked` says why. */
  readonly estimate: TrainingEstimate | undefined;
}

export interface CheckOptions extends Pick<EstimateOptions, 'measure' | 'memoryBytes' | 'engine'> {
  /** Whether what is trained is made of the base model as `train` would, which reads the weights that are trained whole. Default: true. */
  readonly makesParameters?: boolean;
}

/** Throws what `train` would throw. */
export async function checkTraining(
  { config: asked, inputs }: TrainRequest,
  { signal }: Pick<WorkflowContext, 'signal'>,
  { makesParameters = true, ...estimateOptions }: CheckOptions = {},
): Promise<TrainingCheck> {
  const given = withPrompt(asked);
  const unchecked = ['whether the memory is enough: it is estimated'];
  const notes: string[] = [];
  const warnings: string[] = [
    ...partWarnings(
      Object.fromEntries(
        inputs.map(({ key, records }) => [
          key,
          { functions: records.length, vulnerable: records.filter(({ target }) => target === 1).length },
        ]),
      ),
    ),
  ];
  requireWritable(given.output_dir);
  await requireDevice(given.device);
  const outline = mkdtempSync(join(tmpdir(), 'vultune-outline-'));
  let model: OpenModel | undefined;
  try {
    const found = await findModel(given, outline, signal);
    if (found.path === undefined) {
      const missing = `the model with its tokenizer, and target_modules, lora_layers and lengths against it (${given.base_model} is not on this machine yet; ${found.why})`;
      return { config: given, notes, warnings, unchecked: [missing, ...unchecked], estimate: undefined };
    }
    model = await openModel(found.path, {
      keepLayers: given.keep_layers ?? undefined,
      format: weightFormatNamed(configuredFormat(given)),
    });
    if (found.note !== undefined) {
      notes.push(found.note);
      unchecked.unshift('the weights themselves: only their headers are here');
    }
    const report = { note: (text: string) => notes.push(text), warn: (text: string) => warnings.push(text) };
    const train = inputs.find(({ key }) => key === 'train_file')?.records ?? [];
    const question = await configuredQuestion(given, model);
    const warning = taskWarning(given);
    if (warning !== undefined) warnings.push(warning);
    const config = resolveLength(given, model, question, train, report);
    const plan = planTraining(config, model, train, question);
    reportCwe(plan.cwe, report);
    const trained = [...plan.adapted, ...plan.whole];
    reportJoined(config, firstTrainedLayer(trained, model.spec.layers.length), report);
    // The headers of a model that is not here do not tell whether an adapter is of its weights.
    const isOutline = found.note !== undefined;
    const init = initWords(config);
    if (init !== undefined && isOutline) unchecked.unshift('whether init_adapter is of this base model');
    if (init !== undefined) notes.push(init);
    if (makesParameters) await (isOutline ? firstParameters(plan) : startParameters(plan));
    const { examples, truncation, augmented } = await trainingExamples(plan, train, { signal });
    if (augmented !== undefined) notes.push(augmentText(augmented));
    const records = new Map(inputs.map((input) => [input.key, input.records]));
    const estimate = await estimateTraining(plan, examples, records, {
      signal,
      downloadBytes: found.downloadBytes,
      ...estimateOptions,
    });
    requireChoice(plan.trainer.activeSampling, estimate.steps);
    const text = describeEstimate(estimate);
    notes.push(...text.notes);
    warnings.push(...text.warnings);
    const cut = [truncation];
    for (const { key, records } of inputs) {
      if (key !== 'train_file') cut.push(cutPart(key, records, evaluationFunctions(plan, records)));
    }
    reportTruncation(cut, config.max_length, report);
    return { config, notes, warnings, unchecked, estimate };
  } finally {
    await model?.checkpoint.close();
    rmSync(outline, { recursive: true, force: true });
  }
}

type FoundModel =
  | { readonly path: string; readonly note?: string; readonly downloadBytes?: number }
  /** `why` the model could not be asked, a phrase. */
  | { readonly path: undefined; readonly why: string };

/** On this machine, or on the hub; `folder` then gets the files that can be fetched without the weights. */
async function findModel(
  { base_model, revision }: UnresolvedConfig,
  folder: string,
  signal: AbortSignal,
): Promise<FoundModel> {
  const options = { ...(revision === null ? {} : { revision }), signal };
  try {
    return { path: (await resolveModel(base_model, { ...options, offline: true })).path };
  } catch (error) {
    if (!isCode(error, 'MODEL_NOT_CACHED')) throw error;
  }
  const reference = parseReference(base_model);
  if (reference.kind !== 'hub') return { path: undefined, why: 'training fetches the whole package' };
  if (isOffline(options)) return { path: undefined, why: 'HF_HUB_OFFLINE says not to ask the hub' };
  try {
    const outline = await outlineHubModel(reference, folder, options);
    if (outline === undefined) {
      return { path: undefined, why: "its weights are PyTorch's files, which cannot be read in part" };
    }
    const { path, commit, fetchedBytes, totalBytes } = outline;
    const note = `${base_model} at ${commit.slice(0, 12)}: ${formatBytes(fetchedBytes)} of configuration, tokenizer and headers fetched; training fetches ${formatBytes(totalBytes)}`;
    return { path, note, downloadBytes: totalBytes };
  } catch (error) {
    if (!isCode(error, 'MODEL_HUB_UNREACHABLE')) throw error;
    return { path: undefined, why: error.message };
  }
}

const isCode = (error: unknown, code: string): error is VultuneError =>
  error instanceof VultuneError && error.code === code;

/** The run folder is made in the nearest folder above it that exists. */
function requireWritable(folder: string): void {
  let nearest = resolve(folder);
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    // The dot fails where `nearest` is a file.
    accessSync(`${nearest}/.`, constants.W_OK);
  } catch (error) {
    throw fileError(error, nearest, 'write');
  }
}
