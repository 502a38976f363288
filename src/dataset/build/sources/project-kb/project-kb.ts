/** @file The manually curated statements of project-kb as a source of fixes. Knows nothing of functions or labels. */
import { VultuneError } from '../../../../base/errors.ts';
import type { DatasetSource } from '../../source.ts';

export async function openProjectKb(location: string | undefined): Promise<DatasetSource> {
  throw new VultuneError('SOURCE_LOCATION', `cannot open ${location} yet`);
}
