/** @file From what a user calls the run to an adapter on this disk: a folder, or an id on the hub. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type AdapterHeader, readAdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { fetchHubAdapter } from '../../checkpoint/sources/hub-model.ts';
import { parseReference } from '../../checkpoint/sources/model-source.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { downloadProgress } from '../../workflows/open/download-progress.ts';
import type { CliContext } from '../context.ts';
import { terminalReporter } from '../display/terminal-reporter.ts';

/** Throws what locateAdapter and fetchHubAdapter throw. */
export async function resolveAdapter(run: string, { stderr, signal }: CliContext): Promise<AdapterHeader> {
  if (existsSync(run) || !isHubId(run)) return locateAdapter(run);
  const progress = downloadProgress('adapter', terminalReporter(stderr));
  try {
    const { path } = await fetchHubAdapter(run, { onProgress: progress.onProgress, signal });
    return readAdapterHeader(path);
  } catch (cause) {
    const known =
      cause instanceof VultuneError && !['MODEL_HUB_UNREACHABLE', 'MODEL_NOT_FOUND'].includes(cause.code);
    if (known || signal.aborted) throw cause;
    throw new VultuneError(
      'ADAPTER_MISSING',
      `there is no folder ${run}, and the hub gave no adapter of this name`,
      {
        where: { file: run },
        hint: cause instanceof Error ? `The hub: ${cause.message}` : 'Give a run folder.',
        cause,
      },
    );
  } finally {
    progress.stop();
  }
}

/** `runs/frist` beside a folder `runs` is a mistyped path. */
function isHubId(run: string): boolean {
  if (dirname(run) !== '.' && existsSync(dirname(run))) return false;
  try {
    return parseReference(run).kind === 'hub';
  } catch {
    return false; // locateAdapter says what was expected.
  }
}
