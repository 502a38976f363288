/** @file The tokenizer files of a folder, a model's or an adapter's: tokenizer.json and what lies with it. */
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { fileError, writeFileAtomic } from '../base/files.ts';
import type { TokenizerDefinition } from './checkpoint.ts';
import { readJsonObject } from './json-file.ts';

/** The largest of published models are under 40 MB. */
const LARGEST_BYTES = 256 * 2 ** 20;
const CODE = 'CHECKPOINT_TOKENIZER_INVALID';

/**
 * Undefined where the folder has no tokenizer.json. `names`: what lies in it, where that is known.
 * @throws VultuneError CHECKPOINT_TOKENIZER_INVALID.
 */
export async function readTokenizer(
  folder: string,
  names?: readonly string[],
): Promise<TokenizerDefinition | undefined> {
  const present =
    names ??
    (await readdir(folder).catch((error: unknown) => {
      throw fileError(error, folder, 'read');
    }));
  if (!present.includes('tokenizer.json')) return undefined;
  const file = join(folder, 'tokenizer.json');
  const json = await read(file);
  const config = present.includes('tokenizer_config.json')
    ? await read(join(folder, 'tokenizer_config.json'))
    : undefined;
  const template = 'chat_template.jinja';
  if (!present.includes(template) || config?.chat_template !== undefined) {
    return { kind: 'huggingface', json, config, file };
  }
  const chatTemplate = await readFile(join(folder, template), 'utf8');
  return { kind: 'huggingface', json, config: { ...config, chat_template: chatTemplate }, file };
}

const FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'];

/**
 * Puts a model's tokenizer files, as they are, into the folder of an adapter trained on it, as PEFT's users expect it: what ids a
 * text gets then stays what it was, whatever becomes of the model's. A GGUF file has none to copy.
 */
export function copyTokenizer(definition: TokenizerDefinition | undefined, folder: string): void {
  if (definition?.kind !== 'huggingface') return;
  for (const name of FILES) {
    const from = join(dirname(definition.file), name);
    if (existsSync(from)) writeFileAtomic(join(folder, name), readFileSync(from));
  }
}

async function read(path: string): Promise<Record<string, unknown>> {
  const { size } = await stat(path);
  if (size <= LARGEST_BYTES) return await readJsonObject(path, CODE);
  const message = `the file has ${size} bytes, at most ${LARGEST_BYTES} (256 MiB) are read`;
  throw new VultuneError(CODE, message, { where: { file: path } });
}
