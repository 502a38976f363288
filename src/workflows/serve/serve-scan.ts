/** @file The scan service: a judge behind HTTP, for editors and other programs. */
import type { Judge } from '../../judging/judge.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import { type ScanServer, startScanServer } from '../../scan/server/start-scan-server.ts';
import { stoppableJudge } from '../../scan/server/stoppable-judge.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import { type DeviceOptions, openAdapter } from '../open/open-detector.ts';
import { openPromptedJudge } from '../open/open-prompted.ts';
import { packageVersions } from '../package-versions.ts';
import { promptedScale, type ScoreScale, scoreScale } from '../scan/score-scale.ts';
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
  const { scale, opened } = await openServed({ run, blend, ...device }, context);
  const judge = stoppableJudge(opened, signal);
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
    await opened.close();
    throw error;
  }
  const close = async () => {
    await untilAborted(signal);
    await server.close();
    // A request under way still needs the model.
    await judge.idle();
    await opened.close();
  };
  return { url: server.url, closed: close() };
}

interface Served {
  readonly scale: Pick<ScoreScale, 'threshold' | 'uncertainFrom'>;
  readonly opened: Judge & { close(): Promise<void> };
}

async function openServed(
  { run, blend, ...device }: Pick<ServeScanOptions, 'run' | 'blend' | keyof DeviceOptions>,
  context: WorkflowContext,
): Promise<Served> {
  const { report } = context;
  const prompted = readPromptedRun(run);
  if (prompted !== undefined) {
    const opened = await openPromptedJudge(prompted, device, context);
    return { scale: promptedScale({ run }, prompted), opened };
  }
  const adapter = await findAdapter(run, context);
  const scale = await scoreScale({ run, blend }, adapter);
  if (scale.blend !== undefined) report.note(scale.blend);
  const { cautions, textsCaution } = scale;
  for (const caution of [...cautions, ...(textsCaution === undefined ? [] : [textsCaution])]) {
    report.warn(caution);
  }
  return { scale, opened: await openAdapter(adapter, { ...device, blend }, context) };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
