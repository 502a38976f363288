/** @file Opens a folder or file of weights, whichever way they are stored. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openGgufCheckpoint } from './gguf/checkpoint.ts';
import { openHuggingFaceCheckpoint } from './huggingface-checkpoint.ts';
import { chooseWeights } from './weight-files.ts';

/**
 * Opens a folder with config.json and weights (see weight-files.ts: model.safetensors goes before pytorch_model.bin), a .gguf file,
 * or a folder with exactly one .gguf and no other weights. Reads headers only.
 * Throws CHECKPOINT_MISSING, CHECKPOINT_CONFIG_MISSING, CHECKPOINT_CONFIG_INVALID, CHECKPOINT_WEIGHTS_MISSING,
 * CHECKPOINT_SHARD_MISSING, CHECKPOINT_INDEX_INVALID, CHECKPOINT_AMBIGUOUS, and what safetensors-header.ts,
 * pickle/pytorch-file.ts and gguf/file.ts throw about damaged files.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new VultuneError('CHECKPOINT_MISSING', `no such file or folder: ${path}`, {
      where: { file: path },
      hint: 'Give a folder that holds config.json and the weights, or a .gguf file.',
      cause,
    });
  });
  if (found.isFile()) {
    if (path.endsWith('.gguf')) return await openGgufCheckpoint(path);
    throw new VultuneError('CHECKPOINT_MISSING', `${path} is a file, but not a .gguf file`, {
      where: { file: path },
      hint: 'Give the folder that holds config.json and the weights, or a .gguf file.',
    });
  }
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(error, path, 'read');
  });
  const hasWeights =
    chooseWeights(names) !== undefined || names.some((name) => name.endsWith('.safetensors'));
  if (!names.includes('config.json') || !hasWeights) {
    const ggufs = names.filter((name) => name.endsWith('.gguf'));
    if (ggufs.length === 1) return await openGgufCheckpoint(join(path, ggufs[0]!));
    if (ggufs.length > 1) {
      const message = `${path} holds ${ggufs.length} GGUF files: ${ggufs.toSorted().join(', ')}`;
      const details = { where: { file: path }, hint: 'Give the path of one of them.' };
      throw new VultuneError('CHECKPOINT_AMBIGUOUS', message, details);
    }
  }
  return await openHuggingFaceCheckpoint(path, names);
}
