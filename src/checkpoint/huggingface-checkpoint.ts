/**
 * @file A folder as a model hub publishes it: config.json, model.safetensors or shards with an index, tokenizer files.
 * Names and shapes are taken as they are.
 */
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { describeFound } from '../schema/words.ts';
import type { Checkpoint } from './checkpoint.ts';
import { readJsonObject } from './json-file.ts';
import { readSafetensors } from './safetensors.ts';
import { type StoredTensor, storedCheckpoint } from './stored-tensor.ts';
import { readTokenizer } from './tokenizer-files.ts';

/** `names`: what lies in the folder. Throws what openCheckpoint says. */
export async function openHuggingFaceCheckpoint(path: string, names: readonly string[]): Promise<Checkpoint> {
  if (!names.includes('config.json')) {
    const adapter = names.includes('adapter_config.json');
    throw new VultuneError('CHECKPOINT_CONFIG_MISSING', `${path} has no config.json`, {
      where: { file: path },
      hint: adapter
        ? 'This is an adapter folder, not a base model.'
        : 'A model is a folder with config.json and model.safetensors, or a .gguf file.',
    });
  }
  const config = await readJsonObject(
    join(path, 'config.json'),
    'CHECKPOINT_CONFIG_INVALID',
    MOST_CONFIG_BYTES,
  );
  refuseOtherWeights(config, path);
  const tensors = new Map<string, StoredTensor>();
  for (const [shard, expected] of await listShards(path, names)) {
    const file = await readSafetensors(join(path, shard));
    for (const name of expected ?? file.tensors.keys()) {
      const info = file.tensors.get(name);
      if (info === undefined) {
        const message = `${INDEX} places "${name}" in ${shard}, which does not have it`;
        throw new VultuneError('CHECKPOINT_INDEX_INVALID', message, {
          where: { file: join(path, INDEX), name },
        });
      }
      tensors.set(name, {
        shape: info.shape,
        storedDtype: info.dtype,
        file: file.path,
        start: info.start,
        sizeBytes: info.sizeBytes,
        read: () => file.read(name),
        readRows: (rows) => file.readRows(name, rows),
      });
    }
  }
  const tokenizer = await readTokenizer(path, names);
  return await storedCheckpoint({ path, config, tokenizer, notes: [] }, tensors);
}

/** That of a model is a few kB. */
const MOST_CONFIG_BYTES = 4 * 2 ** 20;
/** A line for each tensor: 300 kB for the largest models. */
const MOST_INDEX_BYTES = 64 * 2 ** 20;
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** Transformers takes the file that config.json names before any other. */
function refuseOtherWeights(config: Readonly<Record<string, unknown>>, path: string): void {
  const named = config.transformers_weights;
  if (named === undefined || named === null || named === WEIGHTS) return;
  const shown = describeFound(named).slice(0, 120);
  throw new VultuneError('CHECKPOINT_CONFIG_INVALID', `"transformers_weights" is ${shown}, expected none`, {
    where: { file: join(path, 'config.json'), name: 'transformers_weights' },
    hint: `Vultune reads ${WEIGHTS}, or the shards of ${INDEX}: save the model again under these names.`,
  });
}

/** File name and the tensors the index places in it (undefined: all it has). */
async function listShards(
  path: string,
  names: readonly string[],
): Promise<(readonly [string, readonly string[] | undefined])[]> {
  // In this order, as Transformers: an index beside a single file is what an earlier save left.
  if (names.includes(WEIGHTS)) return [[WEIGHTS, undefined]];
  if (names.includes(INDEX)) return await readIndex(path, names);
  const pickled = names.find((name) => /^(pytorch_model.*|model.*)\.(bin|pt|pth)$/.test(name));
  if (pickled !== undefined) {
    throw new VultuneError(
      'CHECKPOINT_WEIGHTS_PICKLED',
      `${path} has its weights only as a pickle (${pickled})`,
      {
        where: { file: join(path, pickled) },
        hint: 'Convert it: in Python, AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(FOLDER) writes safetensors. A pickle can run any code, so Vultune does not read it.',
      },
    );
  }
  throw new VultuneError('CHECKPOINT_WEIGHTS_MISSING', `${path} has a config.json but no ${WEIGHTS}`, {
    where: { file: path },
    hint: `Expected ${WEIGHTS}, ${INDEX} with its shards, or one .gguf file.`,
  });
}

async function readIndex(
  path: string,
  names: readonly string[],
): Promise<(readonly [string, readonly string[]])[]> {
  const file = join(path, INDEX);
  const map = (await readJsonObject(file, 'CHECKPOINT_INDEX_INVALID', MOST_INDEX_BYTES)).weight_map;
  if (typeof map !== 'object' || map === null) {
    throw new VultuneError('CHECKPOINT_INDEX_INVALID', `${file} has no weight_map`, { where: { file } });
  }
  const shards = new Map<string, string[]>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || /[/\\]/.test(shard)) {
      const message = `${file} places "${name}" in ${JSON.stringify(shard)}, expected a file name`.slice(
        0,
        300,
      );
      throw new VultuneError('CHECKPOINT_INDEX_INVALID', message, { where: { file, name } });
    }
    const held = shards.get(shard) ?? [];
    held.push(name);
    shards.set(shard, held);
  }
  const missing = [...shards.keys()].filter((shard) => !names.includes(shard));
  if (missing.length > 0) {
    const message = `${path} lacks ${missing.length} of ${shards.size} shards: ${missing.toSorted().join(', ')}`;
    throw new VultuneError('CHECKPOINT_SHARD_MISSING', message, {
      where: { file: join(path, missing[0]!) },
      hint: 'The download was not finished: fetch the model again.',
    });
  }
  return [...shards];
}
