/** @file `vultune serve`: starts the dashboard, says where it is, waits for Ctrl-C. */
import { resolve } from 'node:path';
import { startDashboard } from '../../dashboard/server.ts';
import type { ServeRequest } from '../commands/serve.ts';
import type { CliContext } from '../context.ts';

export async function serveStage(
  { dir, host, port }: ServeRequest,
  { stdout, stderr, signal }: CliContext,
): Promise<void> {
  const { address, closed } = await startDashboard({ root: resolve(dir), host, port, signal });
  stdout.write(`${address}\n`);
  stderr.write('Ctrl-C ends it\n');
  await closed;
}
