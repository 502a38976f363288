/**
 * @file A folder as a model hub publishes it: config.json, weights in one file or in shards with an index, tokenizer files.
 * Names and shapes are taken as they are.
 */
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { describeFound } from '../schema/words.ts';
import { readBitsandbytes } from './bitsandbytes/read-bitsandbytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { readJsonObject } from './json-file.ts';
import { readTensors } from './read-tensors.ts';
import { type StoredTensor, storedCheckpoint } from './stored-tensor.ts';
import { readTokenizer } from './tokenizer-files.ts';
import { chooseWeights, findOtherWeights, passedOver, WEIGHTS_EXPECTED } from './weight-files.ts';

/** `names`: what lies in the folder. Throws what openCheckpoint says. */
export async function openHuggingFaceCheckpoint(path: string, names: readonly string[]): Promise<Checkpoint> {
  if (!names.includes('config.json')) {
    const adapter = names.includes('adapter_config.json');
    throw new VultuneError('CHECKPOINT_CONFIG_MISSING', `${path} has no config.json`, {
      where: { file: path },
      hint: adapter
        ? 'This is an adapter folder, not a base model.'
        : 'A model is a folder with config.json and its weights, or a .gguf file.',
    });
  }
  const config = await readJsonObject(
    join(path, 'config.json'),
    'CHECKPOINT_CONFIG_INVALID',
    MOST_CONFIG_BYTES,
  );
  refuseOtherWeights(config, path);
  const tensors = new Map<string, StoredTensor>();
  for (const { shard, index, expected } of await listShards(path, names)) {
    const held = await readTensors(join(path, shard));
    for (const name of expected ?? held.keys()) {
      const tensor = held.get(name);
      if (tensor === undefined) {
        const message = `${index} places "${name}" in ${shard}, which does not have it`;
        throw new VultuneError('CHECKPOINT_INDEX_INVALID', message, {
          where: { file: join(path, index ?? shard), name },
          hint: INDEX_HINT,
        });
      }
      tensors.set(name, tensor);
    }
  }
  const tokenizer = await readTokenizer(path, names);
  const notes = passedOver(names).map(
    (name) => `${chooseWeights(names)?.file} is read, ${name} beside it is not`,
  );
  return await storedCheckpoint({ path, config, tokenizer, notes }, await readBitsandbytes(tensors));
}

/** That of a model is a few kB. */
const MOST_CONFIG_BYTES = 4 * 2 ** 20;
/** A line for each tensor: 300 kB for the largest models. */
const MOST_INDEX_BYTES = 64 * 2 ** 20;

/** Transformers takes the file that config.json names before any other. */
function refuseOtherWeights(config: Readonly<Record<string, unknown>>, path: string): void {
  const named = config.transformers_weights;
  if (named === undefined || named === null || named === 'model.safetensors') return;
  const shown = describeFound(named).slice(0, 120);
  throw new VultuneError('CHECKPOINT_CONFIG_INVALID', `"transformers_weights" is ${shown}, expected none`, {
    where: { file: join(path, 'config.json'), name: 'transformers_weights' },
    hint: `Vultune reads ${WEIGHTS_EXPECTED}: save the model again under one of these names.`,
  });
}

/** A file of weights, and the tensors that an index places in it: undefined for all it has. */
interface Shard {
  readonly shard: string;
  readonly index?: string;
  readonly expected?: readonly string[];
}

async function listShards(path: string, names: readonly string[]): Promise<readonly Shard[]> {
  const weights = chooseWeights(names);
  if (weights?.isIndex === true) return await readIndex(path, names, weights.file);
  if (weights !== undefined) return [{ shard: weights.file }];
  const other = findOtherWeights(names);
  const found = other === undefined ? '' : ` under a known name (it has ${other})`;
  throw new VultuneError('CHECKPOINT_WEIGHTS_MISSING', `${path} has a config.json but no weights${found}`, {
    where: { file: path },
    hint: `Expected ${WEIGHTS_EXPECTED}.`,
  });
}

const INDEX_HINT = 'The index and the files of weights are not of one save: fetch the model again.';

async function readIndex(path: string, names: readonly string[], index: string): Promise<readonly Shard[]> {
  const file = join(path, index);
  const map = (await readJsonObject(file, 'CHECKPOINT_INDEX_INVALID', MOST_INDEX_BYTES)).weight_map;
  if (typeof map !== 'object' || map === null || Object.keys(map).length === 0) {
    const found = describeFound(map).slice(0, 120);
    const message = `"weight_map" of ${file} is ${found}, expected a map of tensors to files`;
    throw new VultuneError('CHECKPOINT_INDEX_INVALID', message, {
      where: { file, name: 'weight_map' },
      hint: INDEX_HINT,
    });
  }
  const shards = new Map<string, string[]>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || /[/\\]/.test(shard)) {
      const message = `${file} places "${name}" in ${JSON.stringify(shard)}, expected a file name`.slice(
        0,
        300,
      );
      throw new VultuneError('CHECKPOINT_INDEX_INVALID', message, {
        where: { file, name },
        hint: INDEX_HINT,
      });
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
  return [...shards].map(([shard, expected]) => ({ shard, index, expected }));
}
