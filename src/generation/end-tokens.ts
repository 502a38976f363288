/**
 * @file The tokens that end an answer: those of generation_config.json, else of config.json, else the tokenizer's end of text; a
 * GGUF file's end of turn is added.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObjectSync } from '../checkpoint/json-file.ts';
import type { OpenModel } from '../network/open-model.ts';
import { checkValue } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';

const id = z.int().nonnegative();
const schema = z.looseObject({ eos_token_id: z.union([id, z.array(id)]).nullish() });
const CODE = 'GENERATION_CONFIG_INVALID';
const MOST_BYTES = 2 ** 20;

/** @throws VultuneError GENERATION_CONFIG_INVALID for a generation_config.json, or end tokens, of another form. */
export function endTokens({ path, checkpoint, tokenizer }: EndTokensModel): ReadonlySet<number> {
  const file = join(path, 'generation_config.json');
  const own = existsSync(file)
    ? idsOf(readJsonObjectSync(file, { code: CODE, mostBytes: MOST_BYTES }), file)
    : [];
  const configured = own.length > 0 ? own : idsOf(checkpoint.config, path);
  const { eos } = tokenizer.special;
  const ids = configured.length > 0 ? configured : eos === undefined ? [] : [eos];
  return new Set([...ids, ...ggufEnds(checkpoint.tokenizer)]);
}

type EndTokensModel = Pick<OpenModel, 'path' | 'checkpoint' | 'tokenizer'>;

function idsOf(value: unknown, file: string): readonly number[] {
  const { eos_token_id: found } = checkValue(schema, value, { code: CODE, file });
  return typeof found === 'number' ? [found] : (found ?? []);
}

/** llama.cpp's keys for the end of the text, of a turn and of a message. */
const GGUF_KEYS = ['eos_token_id', 'eot_token_id', 'eom_token_id'];

function ggufEnds(definition: OpenModel['checkpoint']['tokenizer']): readonly number[] {
  if (definition?.kind !== 'gguf') return [];
  return GGUF_KEYS.flatMap((key) => {
    const found = definition.metadata[`tokenizer.ggml.${key}`];
    return typeof found === 'number' ? [found] : [];
  });
}
