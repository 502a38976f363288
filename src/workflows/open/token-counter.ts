/** @file How long functions are for a base model: its tokenizer's count, without loading weights. */
import { openCheckpoint } from '../../checkpoint/open-checkpoint.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { loadTokenizer } from '../../text/open-tokenizer.ts';
import type { WorkflowContext } from '../context.ts';
import { downloadProgress } from './download-progress.ts';

export interface TokenCounter {
  readonly name: string;
  /** Tokens of the text alone, without those that begin or end a sequence. */
  readonly countTokens: (text: string) => number;
}

/** Fetches the model where it is not here yet, unless `offline`: then MODEL_NOT_CACHED is thrown. */
export async function tokenCounter(
  reference: string,
  revision: string | undefined,
  { report, signal }: WorkflowContext,
  { offline }: { readonly offline?: boolean } = {},
): Promise<TokenCounter> {
  const progress = downloadProgress('model', report);
  try {
    const { path } = await resolveModel(reference, {
      ...(revision === undefined ? {} : { revision }),
      ...(offline === undefined ? {} : { offline }),
      onProgress: progress.onProgress,
      signal,
    });
    const checkpoint = await openCheckpoint(path);
    try {
      const tokenizer = loadTokenizer(checkpoint.tokenizer, path, checkpoint.config.model_type);
      return {
        name: reference,
        countTokens: (text) => tokenizer.encode(text, { addSpecialTokens: false }).length,
      };
    } finally {
      await checkpoint.close();
    }
  } finally {
    progress.stop();
  }
}
