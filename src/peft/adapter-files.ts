/**
 * @file An adapter folder: adapter_config.json and adapter_model.safetensors as PEFT has them, and vultune.json with what
 * PEFT has no place for. The model card is written by whoever knows how the adapter came to be.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { makeFolder, readTextFile, writeFileAtomic } from '../base/files.ts';
import { readAllSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts';
import type { DecoderGeometry } from '../model/geometry.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { type AdapterConfig, formatAdapterConfig, parseAdapterConfig } from './adapter-config.ts';
import { type AdapterParameters, adaptedModules, checkParameters } from './adapter-parameters.ts';
import { type DetectorSettings, parseSettings } from './detector-settings.ts';
import { type LoraModule, planLora } from './lora-plan.ts';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
const SETTINGS = 'vultune.json';

export interface AdapterHeader {
  readonly folder: string;
  readonly config: AdapterConfig;
  /** Undefined for an adapter that another tool trained. */
  readonly settings: DetectorSettings | undefined;
}

export function isAdapterFolder(folder: string): boolean {
  return existsSync(join(folder, CONFIG));
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
  return {
    folder,
    config: parseAdapterConfig(readJson(file), file),
    settings: existsSync(settings) ? parseSettings(readJson(settings), settings) : undefined,
  };
}

export interface LoadedAdapter {
  readonly modules: readonly LoraModule[];
  readonly parameters: AdapterParameters;
}

/** The tensors of an adapter for a model. Throws ADAPTER_MISSING, ADAPTER_MISMATCH, LORA_TARGET_UNKNOWN. */
export async function loadAdapter(header: AdapterHeader, geometry: DecoderGeometry): Promise<LoadedAdapter> {
  const file = join(header.folder, WEIGHTS);
  if (!existsSync(file)) {
    throw new VultuneError('ADAPTER_MISSING', `there is no ${WEIGHTS} in ${header.folder}`, {
      where: { file },
      hint: 'Older adapters are pickles (adapter_model.bin): save them again with safe_serialization.',
    });
  }
  const modules = planLora(geometry, header.config.lora);
  const found = new Map<string, HostTensor<'float32'>>();
  for (const [key, tensor] of await readAllSafetensors(file)) {
    if (tensor.dtype !== 'float32') {
      throw new VultuneError('ADAPTER_MISMATCH', `the adapter has a tensor of ${tensor.dtype}`, {
        where: { file, name: key },
        hint: 'Adapters are of floating-point numbers.',
      });
    }
    found.set(key, tensor as HostTensor<'float32'>);
  }
  return { modules, parameters: checkParameters(geometry, modules, found, file) };
}

export interface AdapterToWrite {
  readonly config: AdapterConfig;
  /** Adapted layers, undefined for all. */
  readonly layers: readonly number[] | undefined;
  readonly parameters: AdapterParameters;
  readonly settings: DetectorSettings;
}

/** The same adapter gives the same bytes. */
export async function writeAdapter(folder: string, adapter: AdapterToWrite): Promise<void> {
  makeFolder(folder);
  await writeSafetensors(join(folder, WEIGHTS), adapter.parameters, { format: 'pt' });
  writeFileAtomic(join(folder, SETTINGS), `${JSON.stringify(adapter.settings, null, 2)}\n`);
  const adapted = { layers: adapter.layers, modules: adaptedModules(adapter.parameters) };
  writeFileAtomic(join(folder, CONFIG), formatAdapterConfig(adapter.config, adapted));
}

function readJson(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readTextFile(file));
  } catch (cause) {
    if (cause instanceof VultuneError) throw cause;
    throw new VultuneError('ADAPTER_CONFIG', 'the file is not JSON', { where: { file }, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VultuneError('ADAPTER_CONFIG', 'the file is not a JSON object', { where: { file } });
  }
  return value as Record<string, unknown>;
}
