/** @file A model hub for tests: the few questions Vultune asks, over HTTP on this machine, with faults on demand. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeHub {
  readonly url: string;
  /** METHOD path, with the Range asked for. */
  readonly requests: string[];
  /** Files of the one model, org/model, and of the one dataset, org/functions: large ones as LFS. */
  files: Record<string, Uint8Array>;
  /** The commit that `main` points to. */
  commit: string;
  /** Close the connection after so many bytes of a file, so often. */
  cut: { afterBytes: number; times: number };
  /** Other bytes than announced, for this file. */
  corrupt: string | undefined;
  /** Answer every question so. */
  answer: { status: number; type: string; body: string } | undefined;
  /** Only who has this token gets anything. */
  token: string | undefined;
  ranges: boolean;
  close(): Promise<void>;
}

export const COMMIT_A = 'a'.repeat(40);
export const COMMIT_B = 'b'.repeat(40);
/** Files from this size on are LFS: SHA-256 instead of git's hash. */
const LFS_FROM_BYTES = 1000;

export async function startFakeHub(): Promise<FakeHub> {
  const server = createServer((request, response) => {
    hub.requests.push(
      `${request.method} ${request.url?.split('?')[0]} ${request.headers.range ?? ''}`.trim(),
    );
    serve(hub, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hub: FakeHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    files: {},
    commit: COMMIT_A,
    cut: { afterBytes: 0, times: 0 },
    corrupt: undefined,
    answer: undefined,
    token: undefined,
    ranges: true,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return hub;
}

function serve(hub: FakeHub, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?')[0] ?? '';
  const isDataset = /^\/(?:api\/)?datasets\//.test(path);
  const api = isDataset ? '/api/datasets/org/functions' : '/api/models/org/model';
  const files = isDataset ? '/datasets/org/functions' : '/org/model';
  const json = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (hub.answer !== undefined) {
    response.writeHead(hub.answer.status, { 'content-type': hub.answer.type });
    response.end(hub.answer.body);
  } else if (hub.token !== undefined && request.headers.authorization !== `Bearer ${hub.token}`) {
    json(401, { error: 'Invalid credentials' });
  } else if ([`main`, hub.commit].some((name) => path === `${api}/revision/${name}`)) {
    json(200, { _id: '1', id: 'org/model', sha: hub.commit, lastModified: '2026-01-01T00:00:00.000Z' });
  } else if (path.startsWith(`${api}/tree/${hub.commit}`)) {
    const folder = path.slice(`${api}/tree/${hub.commit}/`.length);
    json(200, [
      { type: 'directory', path: 'onnx', size: 0, oid: 'c'.repeat(40) },
      ...Object.entries(hub.files)
        .filter(([name]) => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '') === folder)
        .map(treeEntry),
    ]);
  } else if (path.startsWith(`${files}/resolve/${hub.commit}/`)) {
    const name = decodeURIComponent(path.slice(`${files}/resolve/${hub.commit}/`.length));
    sendFile(hub, name, request, response);
  } else {
    json(404, { error: 'Repository not found' });
  }
}

function treeEntry([path, data]: [string, Uint8Array]) {
  const oid = createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
  if (data.length < LFS_FROM_BYTES) return { type: 'file', path, size: data.length, oid };
  const sha256 = createHash('sha256').update(data).digest('hex');
  return {
    type: 'file',
    path,
    size: data.length,
    oid: 'd'.repeat(40),
    lfs: { oid: sha256, size: data.length },
  };
}

function sendFile(hub: FakeHub, name: string, request: IncomingMessage, response: ServerResponse): void {
  const whole = Uint8Array.from(hub.files[name]!);
  if (hub.corrupt === name) whole[0]! ^= 1;
  const asked = hub.ranges ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null;
  const from = Number(asked?.[1] ?? 0);
  const to = asked === null || asked[2] === '' ? whole.length : Number(asked[2]) + 1;
  const rest = whole.subarray(from, to);
  const range = { 'content-range': `bytes ${from}-${from + rest.length - 1}/${whole.length}` };
  response.writeHead(asked === null ? 200 : 206, {
    'content-length': rest.length,
    ...(asked === null ? {} : range),
  });
  if (hub.cut.times > 0 && rest.length > hub.cut.afterBytes) {
    hub.cut.times--;
    response.write(rest.subarray(0, hub.cut.afterBytes), () => setTimeout(() => response.destroy(), 20));
    return;
  }
  response.end(rest);
}
