/** @file The scoring service on a socket: loopback unless told otherwise, with time limits on slow clients. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { listenError } from '../../base/own-server.ts';
import { type ScanAppOptions, scanApp } from './scan-app.ts';

export interface ScanServerOptions extends ScanAppOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface ScanServer {
  readonly url: string;
  /** Takes no new requests and ends those under way. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
/** A body of the largest size over a slow line. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Throws SERVE_PORT_IN_USE, SERVE_ADDRESS. */
export async function startScanServer(options: ScanServerOptions): Promise<ScanServer> {
  const { host = '127.0.0.1', port, hostNames = [] } = options;
  const app = scanApp({ ...options, hostNames: [...hostNames, host] });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => void listener(request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
