/** @file What a person wants to know of a model before using it, out of its configuration and headers: no weights are read. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from '../tensor/host-tensor.ts';
import type { Checkpoint, TokenizerDefinition } from './checkpoint.ts';
import { openCheckpoint } from './open-checkpoint.ts';

export interface ModelDescription {
  readonly path: string;
  readonly modelType: string | undefined;
  readonly layers: number | undefined;
  readonly hiddenSize: number | undefined;
  readonly heads: number | undefined;
  readonly keyValueHeads: number | undefined;
  readonly vocabularySize: number | undefined;
  /** Tokens. */
  readonly maxLength: number | undefined;
  /** Numbers stored; tied embeddings count once. */
  readonly parameters: number;
  /** Numbers stored as each type: { Q4_1: 106168320, ... }, the most frequent first. */
  readonly storedDtypes: Readonly<Record<string, number>>;
  /** The size of all the model's files together. */
  readonly sizeBytes: number;
  readonly tokenizer: TokenizerDefinition['kind'] | undefined;
  readonly chatTemplate: boolean;
  readonly fingerprint: string;
  /** What the files cannot say and is assumed. */
  readonly notes: readonly string[];
}

/** Throws what openCheckpoint throws. */
export async function describeModel(path: string): Promise<ModelDescription> {
  const checkpoint = await openCheckpoint(path);
  try {
    const { config, tensors, tokenizer, fingerprint, notes } = checkpoint;
    const count = (...keys: string[]) =>
      keys.map((key) => config[key]).find((value) => typeof value === 'number');
    const storedDtypes = countByDtype(tensors);
    return {
      path: checkpoint.path,
      modelType: typeof config.model_type === 'string' ? config.model_type : undefined,
      layers: count('num_hidden_layers', 'n_layer', 'num_layers'),
      hiddenSize: count('hidden_size', 'n_embd'),
      heads: count('num_attention_heads', 'n_head'),
      keyValueHeads: count('num_key_value_heads', 'multi_query_group_num'),
      vocabularySize: count('vocab_size', 'padded_vocab_size'),
      maxLength: count('max_position_embeddings', 'n_positions', 'seq_length'),
      parameters: Object.values(storedDtypes).reduce((sum, size) => sum + size, 0),
      storedDtypes,
      sizeBytes: await totalBytes(checkpoint.path),
      tokenizer: tokenizer?.kind,
      chatTemplate: hasChatTemplate(tokenizer),
      fingerprint,
      notes,
    };
  } finally {
    await checkpoint.close();
  }
}

function countByDtype(tensors: Checkpoint['tensors']): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { shape, storedDtype = 'unknown' } of tensors.values()) {
    counts.set(storedDtype, (counts.get(storedDtype) ?? 0) + sizeOf(shape));
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

async function totalBytes(path: string): Promise<number> {
  const found = await stat(path);
  if (found.isFile()) return found.size;
  // A link that leads nowhere has no size.
  const sizeOrNone = (name: string) => stat(join(path, name)).catch(() => undefined);
  const files = await Promise.all((await readdir(path)).map(sizeOrNone));
  return files.filter((file) => file?.isFile() === true).reduce((sum, file) => sum + (file?.size ?? 0), 0);
}

function hasChatTemplate(tokenizer: TokenizerDefinition | undefined): boolean {
  if (tokenizer === undefined) return false;
  if (tokenizer.kind === 'gguf') return 'tokenizer.chat_template' in tokenizer.metadata;
  const config = tokenizer.config;
  return typeof config === 'object' && config !== null && 'chat_template' in config;
}
