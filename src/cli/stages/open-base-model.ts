/** @file Gets a base model for a command: fetched with a progress bar where it is not here yet, then opened. */
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { type OpenModel, openModel } from '../../network/open-model.ts';
import type { CliContext } from '../context.ts';
import { downloadProgress } from '../display/download-progress.ts';

export async function openBaseModel(
  reference: string,
  revision: string | undefined,
  { stderr, signal }: CliContext,
): Promise<OpenModel> {
  const progress = downloadProgress('model', stderr);
  try {
    const { path } = await resolveModel(reference, {
      ...(revision === undefined ? {} : { revision }),
      onProgress: progress.onProgress,
      signal,
    });
    return await openModel(path);
  } finally {
    progress.stop();
  }
}
