/** @file `vultune serve`: starts the dashboard or the scan service, says where it is, waits for Ctrl-C. */
import type { ServeRunsOptions, ServeScanOptions } from '../../workflows/serve/serve-options.ts';
import { serveRuns } from '../../workflows/serve/serve-runs.ts';
import { serveScan } from '../../workflows/serve/serve-scan.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { reportError } from '../report-error.ts';

export async function runServe(options: ServeRunsOptions, context: CliContext): Promise<void> {
  const { address, closed } = await serveRuns(options, reporting(context));
  context.stdout.write(`${address}\n`);
  context.stderr.write('Ctrl-C ends it\n');
  await closed;
}

export async function runServeScan(options: ServeScanOptions, context: CliContext): Promise<void> {
  const onFailure = (error: unknown) => void reportError(error, context);
  const { url, closed } = await serveScan({ ...options, onFailure }, reporting(context));
  context.stdout.write(`${url}/\n`);
  context.stderr.write('POST /v1/score scores functions, /openapi.json describes it; Ctrl-C ends it\n');
  await closed;
}
