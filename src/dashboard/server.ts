/** @file The socket of `vultune serve`: where it listens and how it ends. */
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { VultuneError } from '../base/errors.ts';
import { isOwnHost, listenError } from '../base/own-server.ts';
import { dashboardApp } from './dashboard-app.ts';

export interface ServeOptions {
  readonly root: string;
  /** Default 127.0.0.1. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly signal: AbortSignal;
}

export interface RunningServer {
  readonly address: string;
  /** When the signal has ended it. */
  readonly closed: Promise<void>;
}

/** @throws VultuneError `SERVE_FOLDER_MISSING`, `SERVE_PORT_IN_USE`, `SERVE_ADDRESS`. */
export async function startDashboard({ root, host, port, signal }: ServeOptions): Promise<RunningServer> {
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new VultuneError('SERVE_FOLDER_MISSING', `no such folder: ${root}; expected one that holds runs`, {
      where: { file: root },
      hint: 'the folder above your runs: vultune serve runs',
    });
  }
  const server = createServer();
  const app = dashboardApp({ root, isAllowedHost: (value) => isOwnHost(value, [host]), signal });
  const listener = getRequestListener(app.fetch);
  // It answers its own failures; the promise is only for those who wait.
  server.on('request', (request, response) => void listener(request, response));
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => fail(listenError(error, host, port)));
    server.listen(port, host, done);
  });
  const actual = (server.address() as AddressInfo).port;
  const closed = new Promise<void>((done) => {
    server.once('close', done);
  });
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return { address: `http://${bracketed(host)}:${actual}/`, closed };
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host);
