/** @file Which files of a published model are needed, and whether a folder has them all. Knows names only. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readJsonObject } from '../json-file.ts';
import { vocabularyFiles } from '../tokenizer-files.ts';
import { chooseWeights, findOtherWeights, WEIGHTS_EXPECTED } from '../weight-files.ts';

const DESCRIPTION =
  /^(config|generation_config|special_tokens_map|added_tokens|tokenizer[\w.-]*)\.json$|^chat_template\.(jinja|json)$/;

/**
 * The needed ones of the files in a model's folder, weights last: who has these has all.
 * Weights as openCheckpoint chooses them: safetensors, else PyTorch's, else the one GGUF. Throws MODEL_FORMAT, MODEL_AMBIGUOUS.
 */
export function selectModelFiles(model: string, names: readonly string[]): string[] {
  const vocabulary = vocabularyFiles(names);
  const description = names.filter((name) => DESCRIPTION.test(name) || vocabulary.includes(name)).toSorted();
  const weights = chooseWeights(names);
  if (weights !== undefined) {
    const shards = weights.isIndex ? names.filter(weights.isShard).toSorted() : [];
    return [...description, weights.file, ...shards];
  }
  const ggufs = names.filter((name) => name.endsWith('.gguf')).toSorted();
  if (ggufs.length === 1) return [...description, ...ggufs];
  if (ggufs.length > 1) {
    throw new VultuneError(
      'MODEL_AMBIGUOUS',
      `${model} has ${ggufs.length} GGUF files: ${ggufs.join(', ')}`,
      {
        hint: 'Name the one you want: ORG/NAME:FILE.gguf for a hub, or the path of a file on this machine.',
      },
    );
  }
  const other = findOtherWeights(names);
  const found = other === undefined ? 'no weights' : `no weights under a known name (it has ${other})`;
  throw new VultuneError('MODEL_FORMAT', `${model} has ${found}; expected ${WEIGHTS_EXPECTED}`, {
    hint:
      other === undefined
        ? 'Is it a language model, or an adapter or a data set?'
        : 'Save it with Transformers: in Python, from_pretrained(...).save_pretrained(FOLDER); then give the folder.',
  });
}

/** Whether the folder holds a whole model, as far as names tell. */
export async function holdsWholeModel(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  if (names.some((name) => name.endsWith('.gguf') && existsSync(join(folder, name)))) return true;
  // existsSync follows links: a link to a removed blob counts as missing.
  if (!existsSync(join(folder, 'config.json'))) return false;
  const weights = chooseWeights(names);
  if (weights === undefined || !existsSync(join(folder, weights.file))) return false;
  if (!weights.isIndex) return true;
  const shards = await shardsOf(join(folder, weights.file));
  return shards.length > 0 && shards.every((shard) => existsSync(join(folder, shard)));
}

/** None for an index that is damaged: the model is not whole, so it is fetched again. */
async function shardsOf(index: string): Promise<string[]> {
  try {
    const { weight_map: map } = await readJsonObject(index, 'CHECKPOINT_INDEX_INVALID');
    const shards = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))] : [];
    return shards.every((shard) => typeof shard === 'string') ? shards : [];
  } catch (error) {
    if (error instanceof VultuneError) return [];
    throw error;
  }
}
