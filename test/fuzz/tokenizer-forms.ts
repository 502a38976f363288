/** @file Every file of every form of vocabulary for `npm run fuzz`, each with the right others beside it. */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { charactersMap } from '../../src/text/characters-map.ts';
import { openTokenizer } from '../../src/text/open-tokenizer.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { fileTarget } from './fuzz-target.ts';

const ROOT = resolve(import.meta.dirname, '../fixtures/tokenizers');
/** Folder, file, what the model is. */
const FILES: readonly (readonly [string, string, string?])[] = [
  ['gpt2', 'vocab.json', 'gpt2'],
  ['gpt2', 'merges.txt', 'gpt2'],
  ['gpt2-added', 'added_tokens.json'],
  ['roberta', 'special_tokens_map.json', 'roberta'],
  ['codegen', 'tokenizer_config.json'],
  ['bert', 'vocab.txt', 'bert'],
  ['llama', 'tokenizer.model', 'llama'],
  ['t5', 'spiece.model', 't5'],
  ['glm4', 'tokenizer.model'],
];
const TEXT = `int x = ${'a'.repeat(200)}é e\u0301 ½ <s>漢 don't\r\n`;

const formTarget = ([from, file, modelType]: (typeof FILES)[number]): FuzzTarget =>
  fileTarget(
    `tokenizer ${from}/${file}`,
    file,
    async () => [readFileSync(join(ROOT, from, file))],
    async (_, folder) => {
      for (const name of readdirSync(join(ROOT, from))) {
        if (name !== file && name !== 'expected.json')
          copyFileSync(join(ROOT, from, name), join(folder, name));
      }
      const tokenizer = (await openTokenizer(folder, modelType))!;
      tokenizer.decode(tokenizer.encode(TEXT));
    },
  );

/** A trie of two units and one text: small enough that a change meets what is looked up. */
const MAP = Buffer.from([8, 0, 0, 0, 0, 4, 0, 0, 97, 1, 0, 0, 98, 0]);

export const TOKENIZER_FORM_TARGETS: readonly FuzzTarget[] = [
  ...FILES.map(formTarget),
  {
    name: 'precompiled_charsmap',
    seeds: async () => [MAP],
    run: async (bytes) => {
      charactersMap(bytes, { file: 'tokenizer.json', name: 'normalizer' })(`ab${TEXT}`);
    },
  },
];
