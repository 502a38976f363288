/** @file From what the user calls the run to an adapter on this disk: a folder, or an id on the hub. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AdapterHeader, readAdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { fetchHubAdapter } from '../../checkpoint/sources/hub-model.ts';
import { parseReference } from '../../checkpoint/sources/model-source.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import type { WorkflowContext } from '../context.ts';
import { downloadProgress } from './download-progress.ts';

/** Throws what locateAdapter and fetchHubAdapter throw. */
export async function findAdapter(run: string, { signal, report }: WorkflowContext): Promise<AdapterHeader> {
  if (existsSync(run) || !isHubId(run)) return locateAdapter(run);
  const progress = downloadProgress('adapter', report);
  try {
    const { path } = await fetchHubAdapter(run, { onProgress: progress.onProgress, signal });
    return readAdapterHeader(path);
  } catch (cause) {
    const isKnown =
      cause instanceof VultuneError && !['MODEL_HUB_UNREACHABLE', 'MODEL_NOT_FOUND'].includes(cause.code);
    if (isKnown || signal.aborted) throw cause;
    throw new VultuneError('ADAPTER_MISSING', `no such folder: ${run}; the hub has no adapter of this name`, {
      where: { file: run },
      hint: cause instanceof Error ? `The hub: ${cause.message}` : 'Give a run folder.',
      cause,
    });
  } finally {
    progress.stop();
  }
}

/** `runs/frist` beside a folder `runs` is a mistyped path. */
function isHubId(run: string): boolean {
  if (dirname(run) !== '.' && existsSync(dirname(run))) return false;
  try {
    const reference = parseReference(run);
    return reference.kind === 'hub' && reference.file === undefined;
  } catch {
    return false; // locateAdapter says what was expected.
  }
}
