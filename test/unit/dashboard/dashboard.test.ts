/** @file The live page's server: what it lists, what it refuses, how it fails. */
import { appendFileSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { dashboardApp } from '../../../src/dashboard/dashboard-app.ts';
import { listRuns } from '../../../src/dashboard/run-list.ts';
import { startDashboard } from '../../../src/dashboard/server.ts';
import { fakeRun } from '../../support/fake-run.ts';

let root: string;
const stop = new AbortController();

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vultune-serve-'));
  fakeRun({ dir: join(root, 'first'), steps: 3 });
  fakeRun({ dir: join(root, 'sweep', '<b>2'), steps: 2, epochs: 0, ending: 'running' });
  fakeRun({ dir: join(root, 'broken'), steps: 1 });
  writeFileSync(join(root, 'broken', 'run.json'), '{');
});

const app = () =>
  dashboardApp({
    root,
    isAllowedHost: (host) => host === 'localhost:1',
    signal: stop.signal,
    lookEveryMs: 20,
  });
const get = (path: string, host = 'localhost:1') => app().request(path, { headers: { host } });

describe('routes', () => {
  test('the list has every run that can be read, and says which cannot', async () => {
    const text = await (await get('/')).text();
    expect(text).toContain('href="/run?run=first"');
    expect(text).toContain('href="/run?run=sweep%2F%3Cb%3E2"');
    expect(text).toContain('&lt;b&gt;2');
    expect(text).toMatch(/broken: .*run\.json|broken: /);
  });

  test('a run that goes on has a feed, one that is finished has none', async () => {
    expect(await (await get('/run?run=sweep%2F%3Cb%3E2')).text()).toContain(
      'data-feed="/events?run=sweep%2F%3Cb%3E2"',
    );
    expect(await (await get('/run?run=first')).text()).not.toContain('data-feed=');
  });

  test('the feed tells of what is appended', async () => {
    const response = await get('/events?run=sweep%2F%3Cb%3E2');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let text = '';
    const path = join(root, 'sweep', '<b>2', 'events.jsonl');
    const changes = () => text.split('event: change').length - 1;
    // Once at the start, then for the line that is appended.
    for (const wanted of [1, 2]) {
      while (changes() < wanted) text += decoder.decode((await reader.read()).value);
      appendFileSync(path, '{"timestampMs":1,"type":"epoch"}\n');
    }
    await reader.cancel();
    expect(changes()).toBe(2);
  });

  test('every answer forbids framing, sniffing and foreign content', async () => {
    const { headers } = await get('/');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a broken run is an error page that says what is broken', async () => {
    const response = await get('/run?run=broken');
    expect(response.status).toBe(422);
    expect(await response.text()).toContain('RUN_RECORD_BROKEN');
  });

  test('another host is refused: a name that was rebound to this machine', async () => {
    expect((await get('/', 'attacker.example')).status).toBe(421);
    expect((await get('/run?run=first', 'attacker.example:1')).status).toBe(421);
  });

  test('no request reaches a file that is not a listed run', async () => {
    const parts = fc.array(
      fc.constantFrom('..', '.', '%2e%2e', '/', '\\', 'first', 'etc', 'passwd', '\0', '%00'),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(parts, async (path) => {
        const name = path.join('/');
        fc.pre(name !== 'first');
        for (const route of ['run', 'events']) {
          expect((await get(`/${route}?run=${encodeURIComponent(name)}`)).status).toBe(404);
        }
      }),
      { numRuns: 30 },
    );
  });
});

test('runs are found below folders, links are not followed', () => {
  symlinkSync(join(root, 'first'), join(root, 'linked'));
  expect(listRuns(root).map(({ name }) => name)).toEqual(['broken', 'first', 'sweep/<b>2']);
  expect(listRuns(join(root, 'first')).map(({ name }) => name)).toEqual(['first']);
});

describe('listening', () => {
  test('a port in use is a clear error', async () => {
    const other = createServer();
    await new Promise<void>((done) => {
      other.listen(0, '127.0.0.1', done);
    });
    const { port } = other.address() as AddressInfo;
    const started = startDashboard({ root, host: '127.0.0.1', port, signal: stop.signal });
    await expect(started).rejects.toMatchObject({ code: 'SERVE_PORT_IN_USE' });
    await new Promise((done) => {
      other.close(done);
    });
  });

  test('a folder that is not there', async () => {
    const started = startDashboard({
      root: join(root, 'no'),
      host: '127.0.0.1',
      port: 0,
      signal: stop.signal,
    });
    await expect(started).rejects.toMatchObject({ code: 'SERVE_FOLDER_MISSING' });
  });

  test('answers, and ends with the signal although a feed is open', async () => {
    const end = new AbortController();
    const { address, closed } = await startDashboard({
      root,
      host: '127.0.0.1',
      port: 0,
      signal: end.signal,
    });
    expect((await fetch(address)).status).toBe(200);
    const feed = await fetch(new URL('/events?run=first', address));
    expect(feed.status).toBe(200);
    end.abort();
    await closed;
    await feed.text().catch(() => 'cut off');
  });
});
