/** @file The scan service: a detector behind HTTP, for editors and other programs. */
import { type ScanServer, startScanServer } from '../../scan/server/start-scan-server.ts';
import { stoppableJudge } from '../../scan/server/stoppable-judge.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import { openAdapter } from '../open/open-detector.ts';
import { packageVersions } from '../package-versions.ts';
import { scoreScale } from '../scan/score-scale.ts';
import { DEFAULT_HOST, DEFAULT_PORT, type ServeScanOptions } from './serve-options.ts';

export interface ScanService {
  readonly url: string;
  /** When the signal has ended it and the model is closed. */
  readonly closed: Promise<void>;
}

/**
 * Answers until the signal is aborted.
 * @throws VultuneError what opening a detector throws, `SERVE_PORT_IN_USE`, `SERVE_ADDRESS`
 */
export async function serveScan(
  { run, host = DEFAULT_HOST, port = DEFAULT_PORT, onFailure, blend, ...device }: ServeScanOptions,
  given: Partial<WorkflowContext> = {},
): Promise<ScanService> {
  const context = workflowContext(given);
  const { signal, report } = context;
  const adapter = await findAdapter(run, context);
  const { blend: note, cautions, ...scale } = await scoreScale({ run, blend }, adapter);
  if (note !== undefined) report.note(note);
  for (const caution of cautions) report.warn(caution);
  const detector = await openAdapter(adapter, { ...device, blend }, context);
  const judge = stoppableJudge(detector, signal);
  let server: ScanServer;
  try {
    server = await startScanServer({
      judge,
      threshold: scale.threshold,
      uncertainFrom: scale.uncertainFrom,
      version: packageVersions().vultune!,
      host,
      port,
      onFailure: onFailure ?? ((error) => report.warn(`a request failed: ${String(error)}`)),
    });
  } catch (error) {
    await detector.close();
    throw error;
  }
  const close = async () => {
    await untilAborted(signal);
    await server.close();
    // A request under way still needs the model.
    await judge.idle();
    await detector.close();
  };
  return { url: server.url, closed: close() };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
