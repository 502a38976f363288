import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import type { Judge } from '../../../src/judging/judge.ts';
import type { ScanServerLimits } from '../../../src/scan/server/limits.ts';
import { scanApp } from '../../../src/scan/server/scan-app.ts';
import { startScanServer } from '../../../src/scan/server/start-scan-server.ts';
import { stoppableJudge } from '../../../src/scan/server/stoppable-judge.ts';

const lengthJudge: Judge = {
  judge: async (codes) => ({
    scores: Float64Array.from(codes, (code) => Math.min(1, code.length / 10)),
    truncated: codes.map((code) => code.length > 10),
  }),
};

const appOf = (judge: Judge = lengthJudge, limits: Partial<ScanServerLimits> = {}) =>
  scanApp({ judge, threshold: 0.5, version: '1.2.3', limits });

const post = (body: string, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body,
});
const codes = (...texts: readonly string[]) => JSON.stringify({ functions: texts.map((code) => ({ code })) });
const URL_OF = 'http://127.0.0.1:1234/v1/score';

describe('scores', () => {
  test('in the order of the request, with their bands', async () => {
    const response = await appOf().request(URL_OF, post(codes('123456', '1', '1234', '123456789012')));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      threshold: 0.5,
      functions: [
        { score: 0.6, band: 'vulnerable', truncated: false },
        { score: 0.1, band: 'safe', truncated: false },
        { score: 0.4, band: 'uncertain', truncated: false },
        { score: 1, band: 'vulnerable', truncated: true },
      ],
    });
  });

  test('one request after the other; the next one runs although the last one failed', async () => {
    let [running, most, calls] = [0, 0, 0];
    const judge: Judge = {
      judge: async (texts, options) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        if (++calls === 2) throw new Error('secret path /home/me');
        return await lengthJudge.judge(texts, options);
      },
    };
    const failures: string[] = [];
    const onFailure = ({ message }: Error) => failures.push(message);
    const app = scanApp({ judge, threshold: 0.5, version: '1.2.3', onFailure });
    const responses = await Promise.all(
      [1, 2, 3].map(async () => await app.request(URL_OF, post(codes('a')))),
    );
    expect([most, responses.map(({ status }) => status)]).toEqual([1, [200, 500, 200]]);
    // Who asked is not told why, who runs the service is.
    expect(await responses[1]!.text()).not.toContain('secret');
    expect(failures).toEqual(['secret path /home/me']);
    await app.request(URL_OF, post('{'));
    expect(failures).toHaveLength(1);
  });
});

describe('refuses', () => {
  test.each<[string, RequestInit, number, string]>([
    ['no JSON', post('{'), 400, 'BODY_JSON'],
    ['null', post('null'), 400, 'BODY_SHAPE'],
    ['no functions', post('{"functions": []}'), 400, 'BODY_SHAPE'],
    ['a function without code', post('{"functions": [{"code": 3}]}'), 400, 'BODY_SHAPE'],
    ['a language that is none', post('{"functions": [{"code": "", "language": 1}]}'), 400, 'BODY_SHAPE'],
    ['too many functions', post(codes('a', 'b', 'c')), 413, 'TOO_MANY_FUNCTIONS'],
    ['too long a body', post(codes('x'.repeat(2000))), 413, 'BODY_TOO_LARGE'],
    ['another type', post(codes('a'), { 'content-type': 'text/plain' }), 415, 'BODY_TYPE'],
    ['another host', post(codes('a'), { host: 'evil.example' }), 403, 'HOST_REFUSED'],
    ['a page of another site', post(codes('a'), { origin: 'http://evil.example' }), 403, 'ORIGIN_REFUSED'],
    ['another method', { method: 'PUT' }, 404, 'NOT_FOUND'],
  ])('%s', async (_, init, status, code) => {
    const response = await appOf(lengthJudge, { functions: 2, bodyBytes: 1000 }).request(URL_OF, init);
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: { code, message: expect.any(String) } },
    ]);
  });

  test.each([
    ['10.0.0.7:80', '0.0.0.0', 200],
    ['evil.example', '0.0.0.0', 403],
    ['own.example:80', 'own.example', 200],
    ['10.0.0.7', '127.0.0.1', 403],
  ])('requests to %s of a service on %s: %d', async (host, own, status) => {
    const app = scanApp({ judge: lengthJudge, threshold: 0.5, version: '1', hostNames: [own] });
    expect((await app.request(URL_OF, post(codes('a'), { host }))).status).toBe(status);
  });

  test('a body that does not say how long it is, when it is too long', async () => {
    const stream = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 20; i++) controller.enqueue(new TextEncoder().encode('x'.repeat(100)));
        controller.close();
      },
    });
    const init = { ...post(''), body: stream, duplex: 'half' } as RequestInit;
    expect((await appOf(lengthJudge, { bodyBytes: 1000 }).request(URL_OF, init)).status).toBe(413);
  });

  test('more than can wait, and says when to come again', async () => {
    const release: (() => void)[] = [];
    const judge: Judge = {
      judge: async (texts, options) => {
        await new Promise<void>((resolve) => release.push(resolve));
        return await lengthJudge.judge(texts, options);
      },
    };
    const app = appOf(judge, { waiting: 1 });
    const held = [app.request(URL_OF, post(codes('a'))), app.request(URL_OF, post(codes('b')))];
    while (release.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const refused = await app.request(URL_OF, post(codes('c')));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    release.shift()!();
    expect((await held[0])!.status).toBe(200);
    while (release.length === 0) await new Promise((resolve) => setImmediate(resolve));
    release.shift()!();
    expect((await held[1])!.status).toBe(200);
  });

  test('what takes too long', async () => {
    const judge: Judge = {
      judge: async (_, options) =>
        await new Promise((_resolve, reject) =>
          options!.signal!.addEventListener('abort', () => reject(options!.signal!.reason)),
        ),
    };
    expect((await appOf(judge, { timeoutMs: 5 }).request(URL_OF, post(codes('a')))).status).toBe(504);
  });
});

describe('stopping', () => {
  test('a request under way hears of it, and the model is free only when that has ended', async () => {
    const controller = new AbortController();
    const steps: string[] = [];
    let end = () => {};
    const slow: Judge = {
      judge: async (texts, options) => {
        options!.signal!.addEventListener('abort', () => steps.push('told'));
        await new Promise<void>((resolve) => {
          end = resolve;
        });
        steps.push('ended');
        return await lengthJudge.judge(texts, options);
      },
    };
    const judge = stoppableJudge(slow, controller.signal);
    await judge.idle();
    const judged = judge.judge(['a']);
    controller.abort();
    const idle = judge.idle().then(() => steps.push('free'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toEqual(['told']);
    end();
    await Promise.all([judged, idle]);
    expect(steps).toEqual(['told', 'ended', 'free']);
    await expect(judge.judge(['b'])).rejects.toThrow(/abort/i);
  });

  test('a failed request leaves nothing behind', async () => {
    const broken: Judge = { judge: async () => await Promise.reject(new Error('broken')) };
    const judge = stoppableJudge(broken, new AbortController().signal);
    const judged = judge.judge(['a']);
    await judge.idle();
    await expect(judged).rejects.toThrow('broken');
  });
});

describe('describes itself', () => {
  test('every answer that it gives is in the description', async () => {
    const response = await appOf().request('http://localhost/openapi.json');
    const { openapi, paths } = (await response.json()) as {
      openapi: string;
      paths: Record<string, { post?: { responses: object } }>;
    };
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths['/v1/score']!.post!.responses)).toEqual(
      expect.arrayContaining(['200', '400', '403', '413', '415', '500', '503', '504']),
    );
  });

  test('health', async () => {
    const response = await appOf().request('http://[::1]:80/v1/health');
    expect(await response.json()).toEqual({
      status: 'ok',
      version: '1.2.3',
      threshold: 0.5,
      requestsWaiting: 0,
    });
  });
});

describe('on a socket', () => {
  test('serves on loopback, and stops', async () => {
    const server = await startScanServer({ judge: lengthJudge, threshold: 0.5, version: '1', port: 0 });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${server.url}/v1/score`, post(codes('123456')));
    expect(await response.json()).toMatchObject({ functions: [{ score: 0.6 }] });
    await server.close();
    await expect(fetch(`${server.url}/v1/health`)).rejects.toThrow();
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(
      startScanServer({ judge: lengthJudge, threshold: 0.5, version: '1', port }),
    ).rejects.toMatchObject({
      code: 'SERVE_PORT_IN_USE',
    });
    other.close();
  });
});

test('a model that gives no finite score is told by its code, and no function is called safe', async () => {
  const judge: Judge = {
    judge: async () => await Promise.reject(new VultuneError('SCORE_NOT_FINITE', 'NaN for /home/me')),
  };
  const response = await appOf(judge).request(URL_OF, post(codes('a')));
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'SCORE_NOT_FINITE' } });
  expect(text).not.toContain('/home/me');
});
