/** @file `vultune serve --scan`: a detector behind HTTP until Ctrl-C. */
import { startScanServer } from '../../scan/server/start-scan-server.ts';
import { stoppableJudge } from '../../scan/server/stoppable-judge.ts';
import { openDetector } from '../../workflows/open/open-detector.ts';
import { packageVersions } from '../../workflows/package-versions.ts';
import type { ServeScanRequest } from '../commands/serve.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { reportError } from '../report-error.ts';
import { resolveAdapter } from './scan-adapter.ts';

/** Throws what opening a detector throws, SERVE_PORT_IN_USE, SERVE_ADDRESS. */
export async function serveScanStage(request: ServeScanRequest, context: CliContext): Promise<void> {
  const { signal, stdout, stderr } = context;
  const { folder } = await resolveAdapter(request.run, context);
  const detector = await openDetector({ ...request, run: folder }, reporting(context));
  const judge = stoppableJudge(detector, signal);
  try {
    const server = await startScanServer({
      judge,
      threshold: detector.threshold,
      version: packageVersions().vultune!,
      host: request.host,
      port: request.port,
      onFailure: (error) => void reportError(error, context),
    });
    stdout.write(`${server.url}/\n`);
    stderr.write('POST /v1/score scores functions, /openapi.json describes it; Ctrl-C ends it\n');
    await untilAborted(signal);
    await server.close();
    // The model is not taken away from what still asks it.
    await judge.idle();
  } finally {
    await detector.close();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
