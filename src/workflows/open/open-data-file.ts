/** @file A data file as the user names it: a path, or `hub:ORG/NAME/FILE`, which is fetched where it is not here yet. */
import { fetchHubDataset, isHubDataset } from '../../checkpoint/sources/hub-dataset.ts';
import { silent, type WorkflowContext } from '../context.ts';
import { downloadProgress } from './download-progress.ts';

/** The path on this disk. @throws VultuneError as `fetchHubDataset`. */
export async function openDataFile(
  reference: string,
  { signal, report = silent }: Partial<WorkflowContext> = {},
): Promise<string> {
  if (!isHubDataset(reference)) return reference;
  const progress = downloadProgress('dataset', report);
  try {
    return await fetchHubDataset(reference, {
      onProgress: progress.onProgress,
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    progress.stop();
  }
}
