/** @file What tells one tokenizer from another: a hash of its definition that order and layout of a file do not change. */
import { createHash } from 'node:crypto';
import type { TokenizerConfig } from './tokenizer-config.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/** In hexadecimal. Parts that do not decide ids or texts (version, truncation, padding, chat template) do not count. */
export function tokenizerFingerprint(json: TokenizerJson, config: TokenizerConfig): string {
  const { added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model } = json;
  const { vocab, merges, ...options } = model;
  const hash = createHash('sha256');
  const add = (part: unknown) => hash.update(`${JSON.stringify(part)}\n`);
  const parts = [normalizer, pre_tokenizer, post_processor, decoder, options, config];
  for (const part of parts) add(inOrder(part));
  add(added_tokens.toSorted((a, b) => a.id - b.id).map(inOrder));
  add(Array.isArray(vocab) ? vocab : Object.entries(vocab ?? {}).toSorted(([, a], [, b]) => a - b));
  // Merges are pairs, or in older files pairs written with a blank between.
  add(Array.isArray(merges) ? merges.map((merge) => (Array.isArray(merge) ? merge.join(' ') : merge)) : []);
  return hash.digest('hex');
}

/** With the fields of each object in the order of their names. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, inOrder(field)]));
}
