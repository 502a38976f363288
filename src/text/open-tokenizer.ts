/**
 * @file Opens the tokenizer that a checkpoint (tokenizer.json, another form of vocabulary, or a GGUF file's metadata) or an
 * adapter's folder carries.
 */
import { VultuneError } from '../base/errors.ts';
import type { TokenizerDefinition } from '../checkpoint/checkpoint.ts';
import { readTokenizer } from '../checkpoint/tokenizer-files.ts';
import { readForm } from './forms/registry.ts';
import { tokenizerFromGguf } from './gguf-tokenizer.ts';
import { LibraryTokenizer } from './library-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { applyTokenizerConfig, type TokenizerConfig } from './tokenizer-config.ts';
import { parseTokenizerJson, type TokenizerJson } from './tokenizer-json.ts';

/**
 * The tokenizer of a checkpoint. `where` names the checkpoint in the error when it carries none; `modelType` is its
 * config.json's, which some vocabularies need to be read.
 * @throws VultuneError TOKENIZER_MISSING, TOKENIZER_INVALID (broken or inconsistent), TOKENIZER_UNSUPPORTED (a kind
 * we cannot reproduce exactly).
 */
export function loadTokenizer(
  definition: TokenizerDefinition | undefined,
  where: string,
  modelType?: unknown,
): Tokenizer {
  if (definition === undefined) {
    throw new VultuneError(
      'TOKENIZER_MISSING',
      `${where} has no tokenizer (tokenizer.json was expected, or a vocabulary)`,
      {
        where: { file: where },
        hint: "copy the base model's tokenizer.json and tokenizer_config.json into the folder, or use a GGUF file, which carries its own",
      },
    );
  }
  const { json, config } = tokenizerParts(definition, modelType);
  return new LibraryTokenizer(json, config, definition.file);
}

/** What the tokenizer is made of, whatever form it lies in. Throws as {@link loadTokenizer}. */
export function tokenizerParts(
  definition: TokenizerDefinition,
  type?: unknown,
): { readonly json: TokenizerJson; readonly config: TokenizerConfig } {
  const modelType = typeof type === 'string' ? type : undefined;
  const { kind, file } = definition;
  switch (kind) {
    case 'gguf':
      return tokenizerFromGguf(definition.metadata, file);
    case 'huggingface':
      return applyTokenizerConfig(parseTokenizerJson(definition.json, file), definition.config, file);
    case 'vocabulary': {
      const { json, config } = readForm(definition, modelType);
      return applyTokenizerConfig(json, config, file);
    }
  }
}

/**
 * The tokenizer that lies in a folder (an adapter's own, as trainers save it there); undefined where it has none.
 * @throws VultuneError CHECKPOINT_TOKENIZER_INVALID, and what loadTokenizer throws.
 */
export async function openTokenizer(folder: string, modelType?: string): Promise<Tokenizer | undefined> {
  const definition = await readTokenizer(folder);
  return definition === undefined ? undefined : loadTokenizer(definition, folder, modelType);
}
