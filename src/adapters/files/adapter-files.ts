/**
 * @file An adapter folder: adapter_config.json and adapter_model.safetensors as PEFT has them (adapter_model.bin of older ones), and
 * vultune.json with what PEFT has no place for. The model card is written by whoever knows how the adapter came to be.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { makeFolder, writeFileAtomic } from '../../base/files.ts';
import { readJsonObjectSync } from '../../checkpoint/json-file.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import { writeSafetensors } from '../../checkpoint/safetensors.ts';
import type { Head } from '../../heads/head.ts';
import { layerMatrices } from '../../model/matrices.ts';
import type { Model } from '../../model/spec.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { transpose } from '../../tensor/transpose.ts';
import { type AdapterParameters, adaptedModules, checkShapes } from '../adapter-parameters.ts';
import { type AdapterPlan, planAdapters } from '../lora-plan.ts';
import { moduleOf } from '../parameter-key.ts';
import type { WholeParameter } from '../whole-parameters.ts';
import { withoutZeroValues } from './adalora-file.ts';
import { type AdapterConfig, formatAdapterConfig, parseAdapterConfig } from './adapter-config.ts';
import { adapterConfigNotes } from './adapter-config-schema.ts';
import { type DetectorSettings, parseSettings } from './detector-settings.ts';
import { finiteFloats } from './finite-floats.ts';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
const PYTORCH_WEIGHTS = 'adapter_model.bin';
const SETTINGS = 'vultune.json';

export interface AdapterHeader {
  readonly folder: string;
  readonly config: AdapterConfig;
  /** Undefined for an adapter that another tool trained. */
  readonly settings: DetectorSettings | undefined;
  /** What a user should know of fields of adapter_config.json that were passed over. */
  readonly notes: readonly string[];
}

export function isAdapterFolder(folder: string): boolean {
  return existsSync(join(folder, CONFIG));
}

/** The file of an adapter's weights, chosen as PEFT does. Throws ADAPTER_MISSING. */
export function adapterWeightsFile(folder: string): string {
  const file = [WEIGHTS, PYTORCH_WEIGHTS].map((name) => join(folder, name)).find(existsSync);
  if (file !== undefined) return file;
  const message = `there is neither ${WEIGHTS} nor ${PYTORCH_WEIGHTS} in ${folder}`;
  throw new VultuneError('ADAPTER_MISSING', message, { where: { file: join(folder, WEIGHTS) } });
}

/** What an adapter folder says of itself, before its model is known. Throws ADAPTER_MISSING, ADAPTER_CONFIG. */
export function readAdapterHeader(folder: string): AdapterHeader {
  if (!isAdapterFolder(folder)) {
    throw new VultuneError('ADAPTER_MISSING', `there is no ${CONFIG} in ${folder}`, {
      where: { file: folder },
      hint: 'Give a run folder, or a folder with an adapter as PEFT saves it.',
    });
  }
  const file = join(folder, CONFIG);
  const settings = join(folder, SETTINGS);
  const json = readJson(file);
  return {
    folder,
    config: parseAdapterConfig(json, file),
    notes: adapterConfigNotes(json).map((note) => `${file}: ${note}`),
    settings: existsSync(settings) ? parseSettings(readJson(settings), settings) : undefined,
  };
}

export interface LoadedAdapter extends AdapterPlan {
  readonly parameters: AdapterParameters;
}

/**
 * The tensors of an adapter for a model and the head it was trained with. Throws ADAPTER_MISSING, ADAPTER_MISMATCH,
 * ADAPTER_NOT_FINITE, LORA_TARGET_UNKNOWN, and what readTensors throws.
 */
export async function loadAdapter(header: AdapterHeader, model: Model, head: Head): Promise<LoadedAdapter> {
  const file = adapterWeightsFile(header.folder);
  const plan = planOf(header, model, head);
  const tensors = await readTensors(file);
  const stored = new Map([...tensors].filter(([key]) => !isCopyOfPeft(key)));
  // Before anything is read: the header may promise more than memory holds.
  const keys = checkShapes({ ...plan, head }, stored, file);
  const transposed = transposedKeys(plan.whole);
  const parameters = new Map<string, HostTensor<'float32'>>();
  for (const key of keys) {
    const tensor = finiteFloats(await stored.get(key)!.read(), { file, name: key });
    parameters.set(key, transposed.has(key) ? transpose(tensor) : tensor);
  }
  return { ...plan, parameters };
}

const transposedKeys = (whole: readonly WholeParameter[]) =>
  new Set(whole.flatMap(({ key, transposed }) => (transposed ? [key] : [])));

/** With bias: all, PEFT writes the head's biases a second time, and those that it has put the head in place of. */
const isCopyOfPeft = (key: string) => key.includes('.original_module.') || key.includes('.modules_to_save.');

/** What the file asks for that the model does not have is a matter of the file, and of the model that it names. */
function planOf({ folder, config }: AdapterHeader, model: Model, head: Head): AdapterPlan {
  try {
    return planAdapters(model, config.lora, head);
  } catch (error) {
    if (!(error instanceof VultuneError)) throw error;
    throw new VultuneError(error.code, error.message, {
      where: { file: join(folder, CONFIG), ...error.where },
      hint: `An adapter works only with the base model it was trained on; check base_model_name_or_path. ${error.hint ?? ''}`.trimEnd(),
      cause: error,
    });
  }
}

export interface AdapterToWrite {
  readonly model: Model;
  readonly config: AdapterConfig;
  /** Adapted layers, undefined for all. */
  readonly layers: readonly number[] | undefined;
  /** What is trained whole of the base model; default: nothing. */
  readonly whole?: readonly WholeParameter[];
  readonly parameters: AdapterParameters;
  readonly settings: DetectorSettings;
}

/** The same adapter gives the same bytes. */
export async function writeAdapter(folder: string, adapter: AdapterToWrite): Promise<void> {
  makeFolder(folder);
  const { whole = [] } = adapter;
  const modules = adaptedModules(adapter.parameters);
  const { config, parameters } = withKeptValues(adapter, modules);
  const transposed = transposedKeys(whole);
  const stored = new Map(
    [...parameters].map(([key, tensor]) => [key, transposed.has(key) ? transpose(tensor) : tensor]),
  );
  await writeSafetensors(join(folder, WEIGHTS), stored, { format: 'pt' });
  writeFileAtomic(join(folder, SETTINGS), `${JSON.stringify(adapter.settings, null, 2)}\n`);
  const answers = adapter.settings.question !== undefined;
  const adapted = {
    layers: adapter.layers,
    modules,
    wholeModules: [...new Set(whole.map(({ fullName }) => moduleOf(fullName)))],
    candidates: adaptableMatrices(adapter.model, answers),
    transposed: layerMatrices(adapter.model).some(({ matrix }) => matrix.transposed === true),
    head: answers
      ? ('language model' as const)
      : adapter.model.heads.lacksClassifier === true
        ? ('own classifier' as const)
        : ('classifier' as const),
  };
  writeFileAtomic(join(folder, CONFIG), formatAdapterConfig(config, adapted));
}

/** AdaLoRA's values are left out where they are 0; not of an adapter that was read, which says which it has. */
function withKeptValues(
  { config, parameters }: AdapterToWrite,
  modules: readonly string[],
): Pick<AdapterToWrite, 'config' | 'parameters'> {
  const { adalora } = config.lora;
  if (adalora === undefined || adalora.kept !== undefined) return { config, parameters };
  const { kept, parameters: compact } = withoutZeroValues(parameters, modules);
  return {
    config: { ...config, lora: { ...config.lora, adalora: { ...adalora, kept } } },
    parameters: compact,
  };
}

/**
 * Full names of the base model's matrices that PEFT could adapt in Transformers' class: of its classifier, whether or not this head
 * reads them, or of the language model.
 */
function adaptableMatrices(model: Model, isLanguageModel: boolean): string[] {
  if (isLanguageModel) {
    return [
      ...layerMatrices(model).map(({ name }) => name),
      // PEFT leaves it out of "all-linear" where Transformers itself has the class.
      ...(model.heads.lacksClassifier === true ? [moduleOf(model.heads.languageModel)] : []),
    ];
  }
  const layer = model.heads.encoder?.classifier;
  return [
    ...layerMatrices(model).map(({ name }) => name),
    ...(layer?.weights === 'base' ? [layer.dense.name] : []),
    // PEFT takes the head for one of "all-linear" where it does not know the task.
    ...(model.heads.lacksClassifier === true ? [model.heads.classifier] : []),
  ];
}

/** The largest that are known list every matrix of a large model: 50 kB. */
const MOST_JSON_BYTES = 2 ** 20;

function readJson(file: string): Record<string, unknown> {
  return readJsonObjectSync(file, { code: 'ADAPTER_CONFIG', mostBytes: MOST_JSON_BYTES });
}
