/** @file Prices and what is spent; requests at a time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseEndpoint } from '../../../src/prompting/endpoint/chat-client.ts';
import { Limiter } from '../../../src/prompting/endpoint/limiter.ts';
import { readPrice, Spending } from '../../../src/prompting/endpoint/spending.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-prices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'prices.yaml');

describe('prices', () => {
  test('are of the model, in their currency', () => {
    writeFileSync(file, 'currency: EUR\nmodels:\n  a: { input: 2, output: 8 }\n');
    expect(readPrice(file, 'a')).toEqual({ currency: 'EUR', input: 2, output: 8 });
  });

  test.each([
    ['of another model', 'models: { b: { input: 1, output: 1 } }', /no price for the model a/],
    ['below zero', 'models: { a: { input: -1, output: 1 } }', /models\.a\.input/],
    ['that are no YAML', 'models: [', /not valid YAML/],
  ])('%s are refused', (_, text, message) => {
    writeFileSync(file, text);
    expect(() => readPrice(file, 'a')).toThrow(
      expect.objectContaining({ code: 'PRICES_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

test('what is reserved counts until it is spent or free again', () => {
  const spending = new Spending({ currency: 'USD', input: 1e6, output: 1e6 }, 10);
  const call = { prompt: 4, completion: 2 };
  spending.reserve(call);
  expect(() => spending.reserve(call)).toThrow(expect.objectContaining({ code: 'PROMPT_COST_REACHED' }));
  spending.settle(call, { prompt: 3, completion: 1 });
  expect(spending.spent).toBe(4);
  spending.reserve(call);
  spending.settle(call, undefined);
  expect(spending.spent).toBe(4);
});

describe('requests at a time', () => {
  const signal = new AbortController().signal;

  test('are halved once for a burst of refusals, and grow again after a calm', async () => {
    let now = 0;
    const sleep = async (ms: number) => {
      now += ms;
      await Promise.resolve();
    };
    const limiter = new Limiter(8, sleep, () => now);
    await Promise.all(
      Array.from({ length: 8 }, () =>
        limiter.run(async (tooMany) => {
          await Promise.resolve();
          tooMany(100);
        }, signal),
      ),
    );
    expect(limiter.limit).toBe(4);
    for (let i = 0; i < 40; i++) await limiter.run(async () => {}, signal);
    expect(limiter.limit).toBe(6);
    expect(now).toBeGreaterThanOrEqual(100);
  });

  test('are never more than the limit, nor less than one', async () => {
    let [running, most] = [0, 0];
    const limiter = new Limiter(3, async () => {});
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        limiter.run(async (tooMany) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          if (i > 10) tooMany(0);
          running--;
        }, signal),
      ),
    );
    expect(most).toBe(3);
    expect(limiter.limit).toBeGreaterThanOrEqual(1);
  });

  test('that wait end with the signal', async () => {
    const stop = new AbortController();
    const limiter = new Limiter(1, async () => {});
    const first = limiter.run(async () => {
      stop.abort(new Error('stopped'));
    }, stop.signal);
    const second = limiter.run(async () => 'ran', stop.signal);
    await first;
    await expect(second).rejects.toThrow('stopped');
  });
});

test.each([
  ['ftp://host/v1', /neither http nor https/],
  ['nowhere', /not a URL/],
  ['https://user:secret@host/v1', /name or password/],
  ['https://host/v1?key=secret', /parameters/],
])('the endpoint %s is refused, and not repeated', (url, message) => {
  const refused = () => parseEndpoint(url);
  expect(refused).toThrow(
    expect.objectContaining({ code: 'ENDPOINT_URL', message: expect.stringMatching(message) }),
  );
  expect(refused).not.toThrow(/secret/);
});
