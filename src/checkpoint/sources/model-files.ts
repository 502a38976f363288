/** @file Which files of a published model are needed, and whether a folder has them all. Knows names only. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readJsonObject } from '../json-file.ts';

const DESCRIPTION =
  /^(config|generation_config|special_tokens_map|tokenizer[\w.-]*)\.json$|^chat_template\.(jinja|json)$/;
const WEIGHTS = 'model.safetensors';
const SHARD = /^model-[\w.-]*\.safetensors$/;
const INDEX = 'model.safetensors.index.json';

/**
 * The needed ones of the files in a model's folder, weights last: who has these has all.
 * Safetensors where there are any, else the one GGUF. Throws MODEL_FORMAT, MODEL_AMBIGUOUS.
 */
export function selectModelFiles(model: string, names: readonly string[]): string[] {
  const description = names.filter((name) => DESCRIPTION.test(name)).toSorted();
  // As the checkpoint is read: the single file goes before an index.
  if (names.includes(WEIGHTS)) return [...description, WEIGHTS];
  if (names.includes(INDEX)) {
    return [...description, INDEX, ...names.filter((name) => SHARD.test(name)).toSorted()];
  }
  const ggufs = names.filter((name) => name.endsWith('.gguf')).toSorted();
  if (ggufs.length === 1) return [...description, ...ggufs];
  if (ggufs.length > 1) {
    throw new VultuneError(
      'MODEL_AMBIGUOUS',
      `${model} has ${ggufs.length} GGUF files: ${ggufs.join(', ')}`,
      {
        hint: 'Download the one you want and give its path.',
      },
    );
  }
  const pickled = names.find((name) => /\.(bin|pt|pth)$/.test(name));
  const found = pickled === undefined ? 'no weights' : `its weights only as a pickle (${pickled})`;
  throw new VultuneError(
    'MODEL_FORMAT',
    `${model} has ${found}; expected model.safetensors, its shards, or a .gguf`,
    {
      hint:
        pickled === undefined
          ? 'Is it a language model, or an adapter or a data set?'
          : 'Convert it to safetensors: in Python, from_pretrained(...).save_pretrained(FOLDER); then give the folder.',
    },
  );
}

/** Whether the folder holds a whole model, as far as names tell. */
export async function holdsWholeModel(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  if (names.some((name) => name.endsWith('.gguf') && existsSync(join(folder, name)))) return true;
  // existsSync follows links: a link to a removed blob counts as missing.
  if (!existsSync(join(folder, 'config.json'))) return false;
  if (names.includes(WEIGHTS) || !names.includes(INDEX)) return existsSync(join(folder, WEIGHTS));
  const shards = await shardsOf(join(folder, INDEX));
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
