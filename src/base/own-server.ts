/**
 * @file What the servers of this machine (runs in the browser, the scoring service) share: which Host a request may name,
 * and why an address cannot be listened on. Opens no socket.
 */
import { isIP } from 'node:net';
import { VultuneError } from './errors.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Guards against DNS rebinding. `own` are the names and addresses that the server was started under. A loopback name is
 * accepted where one of them is loopback; when bound to all interfaces, any IP address and `localhost` are, since
 * addresses never go through DNS.
 */
export function isOwnHost(header: string, own: readonly string[]): boolean {
  const name = header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (own.some((host) => host.toLowerCase() === name)) return true;
  if (LOOPBACK.has(name) && own.some((host) => LOOPBACK.has(host.toLowerCase()))) return true;
  return (isIP(name) !== 0 || name === 'localhost') && own.some((host) => EVERY_ADDRESS.has(host));
}

/** What a server's `error` event means before it listens: SERVE_PORT_IN_USE or SERVE_ADDRESS. */
export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): VultuneError {
  if (cause.code === 'EADDRINUSE') {
    return new VultuneError('SERVE_PORT_IN_USE', `port ${port} on ${host} is in use`, {
      where: { name: '--port' },
      hint: 'choose another one, or --port 0 for any free port',
      cause,
    });
  }
  const reason = cause.code ?? cause.message;
  return new VultuneError('SERVE_ADDRESS', `cannot listen on ${host}, port ${port}: ${reason}`, {
    where: { name: '--host' },
    hint: 'give an address of this machine; ports below 1024 need special rights',
    cause,
  });
}
