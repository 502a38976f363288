/** @file The dashboard: the runs of a folder in the browser, live while they train. */
import { resolve } from 'node:path';
import { type RunningServer, startDashboard } from '../../dashboard/server.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { DEFAULT_HOST, DEFAULT_PORT, type ServeRunsOptions } from './serve-options.ts';

/**
 * Answers until the signal is aborted.
 * @throws VultuneError `SERVE_FOLDER_MISSING`, `SERVE_PORT_IN_USE`, `SERVE_ADDRESS`
 */
export async function serveRuns(
  { dir = 'runs', host = DEFAULT_HOST, port = DEFAULT_PORT }: ServeRunsOptions = {},
  given: Partial<WorkflowContext> = {},
): Promise<RunningServer> {
  const { signal } = workflowContext(given);
  return await startDashboard({ root: resolve(dir), host, port, signal });
}
