/** @file The tokenizer files of a folder, a model's or an adapter's: tokenizer.json, or a vocabulary, and what lies with it. */
import { readFileSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { fileError, writeFileAtomic } from '../base/files.ts';
import type { TokenizerDefinition, TokenizerForm } from './checkpoint.ts';
import { readJsonObject } from './json-file.ts';

/** The largest of published models are under 40 MB. */
const LARGEST_BYTES = 256 * 2 ** 20;
const CODE = 'CHECKPOINT_TOKENIZER_INVALID';

/** What a vocabulary consists of, its main file first. The first whose files are all there is used, tokenizer.json before any. */
const FORMS: readonly { readonly form: TokenizerForm; readonly files: readonly string[] }[] = [
  { form: 'bytePairs', files: ['vocab.json', 'merges.txt'] },
  { form: 'model', files: ['tokenizer.model'] },
  { form: 'model', files: ['spiece.model'] },
  { form: 'wordPiece', files: ['vocab.txt'] },
];
const WHOLE = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';
const CHAT_TEMPLATE = 'chat_template.jinja';
const BESIDE = ['special_tokens_map.json', 'added_tokens.json'];

/**
 * Undefined where the folder has no tokenizer. `names`: what lies in it, where that is known.
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
  if (present.includes(WHOLE)) {
    const file = join(folder, WHOLE);
    const json = await readJson(file);
    return { kind: 'huggingface', json, config: await readConfig(folder, present), file };
  }
  const found = formOf(present);
  if (found === undefined) return undefined;
  const wanted = [...found.files, ...BESIDE.filter((name) => present.includes(name))];
  const files: Record<string, unknown> = {};
  for (const name of wanted) files[name] = await readAny(join(folder, name));
  return {
    kind: 'vocabulary',
    form: found.form,
    files,
    config: await readConfig(folder, present),
    file: join(folder, found.files[0]!),
  };
}

/** Those of a folder's files that are the vocabulary it is read with; none where it has a tokenizer.json. */
export function vocabularyFiles(present: readonly string[]): readonly string[] {
  return present.includes(WHOLE) ? [] : (formOf(present)?.files ?? []);
}

const formOf = (present: readonly string[]) =>
  FORMS.find(({ files }) => files.every((name) => present.includes(name)));

/** Every file that may belong to a tokenizer. */
export const TOKENIZER_FILES: readonly string[] = [
  WHOLE,
  CONFIG,
  CHAT_TEMPLATE,
  ...BESIDE,
  ...FORMS.flatMap(({ files }) => files),
];

/**
 * Puts a model's tokenizer files, as they are, into the folder of an adapter trained on it, as PEFT's users expect it: what ids a
 * text gets then stays what it was, whatever becomes of the model's. A GGUF file has none to copy.
 */
export function copyTokenizer(definition: TokenizerDefinition | undefined, folder: string): void {
  if (definition === undefined || definition.kind === 'gguf') return;
  for (const name of TOKENIZER_FILES) {
    const from = join(dirname(definition.file), name);
    // A folder or a pipe of such a name is none of them.
    if (isFile(from)) writeFileAtomic(join(folder, name), readFileSync(from));
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false; // Links that lead back to themselves.
  }
}

/** tokenizer_config.json, with the chat template where that is a file of its own; undefined where there is neither. */
async function readConfig(folder: string, present: readonly string[]) {
  const config = present.includes(CONFIG) ? await readJson(join(folder, CONFIG)) : undefined;
  if (!present.includes(CHAT_TEMPLATE)) return config;
  return { ...config, chat_template: (await readBytes(join(folder, CHAT_TEMPLATE))).toString('utf8') };
}

async function readAny(path: string): Promise<unknown> {
  if (path.endsWith('.json')) return await readJson(path);
  const bytes = await readBytes(path);
  return path.endsWith('.txt') ? bytes.toString('utf8') : new Uint8Array(bytes);
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  await checkSize(path);
  return await readJsonObject(path, CODE);
}

async function readBytes(path: string): Promise<Buffer> {
  await checkSize(path);
  return await readFile(path).catch((error: unknown) => {
    throw fileError(error, path, 'read');
  });
}

async function checkSize(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, 'read');
  });
  if (found.isFile() && found.size <= LARGEST_BYTES) return;
  const what = found.isFile() ? `has ${found.size} bytes` : 'is not a regular file';
  const message = `${what}, expected a file of at most ${LARGEST_BYTES} bytes (256 MiB)`;
  throw new VultuneError(CODE, `${path} ${message}`, { where: { file: path } });
}
