/** @file A prompt at a server: what is asked, what becomes of good answers and of bad ones, and that the key stays where it is. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { fileAnswerCache, memoryAnswerCache } from '../../../src/prompting/answer-cache.ts';
import {
  EndpointPrompter,
  type EndpointPrompterOptions,
} from '../../../src/prompting/endpoint/endpoint-prompter.ts';
import { Spending } from '../../../src/prompting/endpoint/spending.ts';
import { estimatedTokens } from '../../../src/prompting/endpoint/token-usage.ts';
import { readPrompt } from '../../../src/prompting/prompt-file.ts';
import {
  type ChatCall,
  type ChatServer,
  chatServer,
  completion,
  sendJson,
} from '../../support/chat-server.ts';

const KEY = 'secret-key/of+a test';
const template = readPrompt('pd-1');
const open: ChatServer[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function serverOf(answer: (call: ChatCall) => void | Promise<void>): Promise<ChatServer> {
  const server = await chatServer(answer);
  open.push(server);
  return server;
}

/** A clock that waits for nothing, and what it was asked to wait for. */
function stoppedClock() {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      waits.push(ms);
      now += ms;
      await Promise.resolve();
    },
  };
}

function prompterOf({ url }: ChatServer, options: Partial<EndpointPrompterOptions> = {}): EndpointPrompter {
  const { now, sleep } = stoppedClock();
  return new EndpointPrompter({
    baseUrl: url,
    model: 'a-model',
    apiKey: KEY,
    template,
    answer: 'odds',
    maxNewTokens: 16,
    jobs: 1,
    timeoutMs: 20_000,
    cache: memoryAnswerCache(),
    count: estimatedTokens,
    spending: new Spending(undefined, undefined),
    now,
    sleep,
    ...options,
  });
}

const says =
  (text: string) =>
  ({ response }: ChatCall) =>
    sendJson(response, completion(text));

describe('an answer', () => {
  test('is asked for greedily, with the likeliest tokens, by the prompt and the key of the environment', async () => {
    const server = await serverOf(says('No'));
    await prompterOf(server).ask(['int f() { return {code}; }']);
    const [{ body, headers }] = server.calls as [ChatCall];
    expect(body).toMatchObject({
      model: 'a-model',
      temperature: 0,
      logprobs: true,
      top_logprobs: 20,
      max_tokens: 16,
    });
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: 'Is this code vulnerable? Answer in only Yes or No.\n\nint f() { return {code}; }\n',
      },
    ]);
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test('with probabilities is their odds, and what is neither stands beside it', async () => {
    const top = { Yes: 0.3, ' yes': 0.1, No: 0.2, The: 0.25 };
    const server = await serverOf(({ response }) => sendJson(response, completion('The', { top })));
    const [answer] = await prompterOf(server).ask(['f']);
    expect(answer!.answer).toBe('yes');
    expect(answer!.score).toBeCloseTo(0.4 / 0.6, 12);
    expect(answer!.outside).toBeCloseTo(0.4, 12);
  });

  test.each([
    ['without probabilities', undefined],
    ['whose tokens are none of the answers', { The: 0.9 }],
    ['whose probabilities are none', { Yes: 5, No: 5 }],
  ])('%s is classified by its keywords', async (_, top) => {
    const server = await serverOf(({ response }) =>
      sendJson(response, completion('It is not vulnerable.', top === undefined ? {} : { top })),
    );
    const [answer] = await prompterOf(server).ask(['f']);
    expect(answer).toEqual({ answer: 'no', score: 0, text: 'It is not vulnerable.', truncated: false });
  });

  test('that comes in small pieces is read whole', async () => {
    const server = await serverOf(async ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (const part of JSON.stringify(completion('Yes')).match(/.{1,20}/gs)!) {
        response.write(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect(await prompterOf(server).ask(['f'])).toMatchObject([{ answer: 'yes', score: 1 }]);
  });

  test('is asked for without what the server does not take', async () => {
    const server = await serverOf(({ body, response }) => {
      const wrong = ['logprobs', 'max_tokens', 'temperature'].find((field) => field in body);
      const named = wrong === 'max_tokens' ? "use 'max_completion_tokens' instead" : 'is not supported';
      if (wrong === undefined) sendJson(response, completion('Yes'));
      else sendJson(response, { error: { message: `'${wrong}' ${named}` } }, 400);
    });
    const notes: string[] = [];
    const prompter = prompterOf(server, { note: (text) => notes.push(text) });
    expect(await prompter.ask(['f', 'g'])).toMatchObject([{ answer: 'yes' }, { answer: 'yes' }]);
    expect(server.calls.length).toBe(5);
    expect(notes).toHaveLength(2);
    expect(server.calls.at(-1)!.body).toMatchObject({ max_completion_tokens: 16 });
  });

  test('about a function that is too long is asked for with half of it, and said to be', async () => {
    const server = await serverOf(({ body, response }) => {
      const { content } = body.messages[0]!;
      if (content.includes('x'.repeat(300))) {
        sendJson(response, { error: { message: 'maximum context length is 100 tokens, exceeded' } }, 400);
      } else sendJson(response, completion('No'));
    });
    const prompter = prompterOf(server);
    expect(await prompter.ask(['x'.repeat(1000), 'short'])).toMatchObject([
      { answer: 'no', truncated: true },
      { answer: 'no', truncated: false },
    ]);
    const asked = server.calls.length;
    await prompter.ask(['x'.repeat(1000)]);
    expect(server.calls.length).toBe(asked);
  });
});

describe('a busy server', () => {
  test('is asked by half as many at a time, after as long as it says', async () => {
    const clock = stoppedClock();
    let refused = 0;
    const server = await serverOf(({ response }) => {
      if (refused < 4) {
        refused++;
        sendJson(response, { error: { message: 'slow down' } }, 429, { 'retry-after': '7' });
      } else sendJson(response, completion('No'));
    });
    const prompter = prompterOf(server, { jobs: 4, ...clock });
    const answers = await prompter.ask(Array.from({ length: 12 }, (_, i) => `f${i}`));
    expect(answers).toHaveLength(12);
    expect(server.mostOpen()).toBeLessThanOrEqual(4);
    expect(prompter.limit).toBeLessThanOrEqual(2);
    expect(Math.max(...clock.waits)).toBeGreaterThanOrEqual(6900);
  });

  test('that wants to be left alone for an hour is not waited for', async () => {
    const server = await serverOf(({ response }) =>
      sendJson(response, { error: { message: 'quota' } }, 429, { 'retry-after': '3600' }),
    );
    await expect(prompterOf(server).ask(['f'])).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      message: expect.stringMatching(/60 minutes/),
    });
  });
});

const BAD: readonly (readonly [string, (call: ChatCall) => void, RegExp])[] = [
  [
    'HTML',
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><body>Welcome</body></html>');
    },
    /not a chat completion.*<html>/,
  ],
  ['JSON that ends early', ({ response }) => sendJson(response, '{"choices": [{"mess'), /not JSON/],
  ['another object', ({ response }) => sendJson(response, { choices: [] }), /not a chat completion/],
  [
    'an event stream',
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"choices": []}\n\ndata: [DONE]\n\n');
    },
    /not a chat completion/,
  ],
  [
    '500',
    ({ response }) => sendJson(response, { error: { message: 'on fire' } }, 500),
    /says 500: .*on fire/,
  ],
  [
    'a cut line',
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"choices"');
      setImmediate(() => response.destroy());
    },
    /connection failed/,
  ],
];

describe('a server that answers with', () => {
  test.each(BAD)('%s is asked again, and named when it goes on', async (_, answer, message) => {
    const server = await serverOf(answer);
    await expect(prompterOf(server).ask(['f'])).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      message: expect.stringMatching(message),
    });
    expect(server.calls.length).toBe(8);
  });

  test.each(BAD)('%s once is forgiven', async (_, answer) => {
    const server = await serverOf((call) => (call.index === 0 ? answer(call) : says('Yes')(call)));
    expect(await prompterOf(server).ask(['f'])).toMatchObject([{ answer: 'yes' }]);
  });

  test('nothing is given up after the timeout', async () => {
    const server = await serverOf(({ index, response }) => {
      // The first gets headers and no body, the second nothing at all.
      if (index === 0) response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      if (index > 1) sendJson(response, completion('No'));
    });
    expect(await prompterOf(server, { timeoutMs: 200 }).ask(['f'])).toMatchObject([{ answer: 'no' }]);
    expect(server.calls.length).toBe(3);
  });

  test('more than an answer can be is not read to its end', async () => {
    let [sent, isClosed] = [0, false];
    const server = await serverOf(({ response }) => {
      response.on('close', () => {
        isClosed = true;
      });
      response.writeHead(200, { 'content-type': 'application/json' });
      const part = Buffer.alloc(2 ** 20, ' ');
      const more = () => {
        if (isClosed || sent > 200) return;
        sent++;
        response.write(part, () => setImmediate(more));
      };
      more();
    });
    await expect(prompterOf(server).ask(['f'])).rejects.toMatchObject({
      message: expect.stringMatching(/more than 4 MiB/),
    });
    expect(sent).toBeLessThan(100);
  });

  test('a redirect does not get the key', async () => {
    const other = await serverOf(says('Yes'));
    const server = await serverOf(({ response }) => {
      response.writeHead(307, { location: `${other.url}/chat/completions` });
      response.end();
    });
    await expect(prompterOf(server).ask(['f'])).rejects.toMatchObject({
      message: expect.stringMatching(/redirects \(307\)/),
    });
    expect(other.calls).toEqual([]);
  });

  test('401 is not asked about the other functions', async () => {
    const server = await serverOf(({ response }) => sendJson(response, { error: { message: 'no' } }, 401));
    await expect(prompterOf(server).ask(['f', 'g', 'h'])).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
    expect(server.calls.length).toBe(1);
  });
});

describe('the key', () => {
  const echoes = (call: ChatCall) =>
    sendJson(call.response, { error: { message: `wrong key ${KEY} (${encodeURIComponent(KEY)})` } }, 401);

  test('is in no error, also where the server echoes it', async () => {
    const server = await serverOf(echoes);
    const error: unknown = await prompterOf(server)
      .ask(['f'])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringMatching(/wrong key \[key\] \(\[key\]\)/) });
    expect((error as Error).cause).toBeUndefined();
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(KEY);
  });

  test('is neither in an answer nor in what is kept of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vultune-answers-'));
    folders.push(folder);
    const server = await serverOf(says(`Yes, and your key is ${KEY}; also sk-abcdefghijklmnop`));
    const cache = fileAnswerCache(folder, () => {});
    const [answer] = await prompterOf(server, { cache }).ask(['f']);
    expect(answer!.text).toBe('Yes, and your key is [key]; also [key]');
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name), 'utf8')).not.toContain(KEY);
    }
  });
});

describe('what was answered', () => {
  test('is not asked again, by another prompter on the same cache either; failures are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vultune-answers-'));
    folders.push(folder);
    let isBroken = true;
    const server = await serverOf((call) => {
      const isBad = call.body.messages[0]!.content.includes('bad');
      if (isBad && isBroken) sendJson(call.response, { error: { message: 'no such thing' } }, 422);
      else says('Nö, yes')(call);
    });
    const cached = () => prompterOf(server, { cache: fileAnswerCache(folder, () => {}) });
    await expect(cached().ask(['a', 'bad', 'c'])).rejects.toMatchObject({
      message: expect.stringMatching(/1 of 3 functions have no answer; the first: .*no such thing/),
    });
    isBroken = false;
    const again = cached();
    expect(await again.ask(['a', 'bad', 'c'])).toMatchObject([
      { answer: 'yes', text: 'Nö, yes' },
      { answer: 'yes' },
      { answer: 'yes' },
    ]);
    expect(again.usage).toMatchObject({ calls: 1, cached: 2 });
    expect(server.calls.length).toBe(4);
  });

  test('is classified by other keywords without asking again', async () => {
    const top = { Yes: 0.2, Sure: 0.6 };
    const server = await serverOf(({ response }) => sendJson(response, completion('Sure', { top })));
    const cache = memoryAnswerCache();
    const [before] = await prompterOf(server, { cache }).ask(['f']);
    const answers = { yes: ['sure'], no: ['yes'] };
    const [after] = await prompterOf(server, { cache, template: { ...template, answers } }).ask(['f']);
    expect([before!.score, after!.score, server.calls.length]).toEqual([1, expect.closeTo(0.75, 12), 1]);
  });

  test('of another model, prompt or server is not taken', async () => {
    const server = await serverOf(says('Yes'));
    const cache = memoryAnswerCache();
    await prompterOf(server, { cache }).ask(['f']);
    await prompterOf(server, { cache, model: 'another' }).ask(['f']);
    await prompterOf(server, { cache, template: readPrompt('pd-2') }).ask(['f']);
    await prompterOf({ ...server, url: server.url.replace('127.0.0.1', 'localhost') }, { cache }).ask(['f']);
    expect(server.calls.length).toBe(4);
  });

  test('before Ctrl-C is kept, and the reason is thrown', async () => {
    const controller = new AbortController();
    const server = await serverOf((call) => {
      // The third never gets an answer.
      if (call.index < 2) says('No')(call);
      else controller.abort(new Error('stopped'));
    });
    const cache = memoryAnswerCache();
    const codes = ['a', 'b', 'c'];
    await expect(prompterOf(server, { cache }).ask(codes, { signal: controller.signal })).rejects.toThrow(
      'stopped',
    );
    const resumed = prompterOf(server, { cache });
    expect(codes.map((code) => resumed.isKept(code))).toEqual([true, true, false]);
  });
});

describe('usage', () => {
  const PRICE = { currency: 'EUR', input: 1_000_000, output: 0 };

  test.each([
    ['negative', { prompt_tokens: -5, completion_tokens: 1 }],
    ['absurd', { prompt_tokens: 1e15, completion_tokens: 1 }],
    ['more than was allowed', { prompt_tokens: 20, completion_tokens: 5000 }],
    ['missing', undefined],
    ['text', 'many'],
  ])('that is %s is not believed: our own count stands', async (_, usage) => {
    const server = await serverOf(({ response }) => sendJson(response, completion('Yes', { usage })));
    const spending = new Spending(PRICE, undefined);
    const prompter = prompterOf(server, { spending });
    const { prompt } = prompter.expected('f');
    await prompter.ask(['f']);
    expect(prompter.usage).toMatchObject({
      calls: 1,
      disbelieved: 1,
      said: { calls: 0 },
      own: { prompt, completion: 1 },
    });
    expect(spending.spent).toBeCloseTo(prompt, 9);
  });

  test('that can be true is counted beside our own', async () => {
    const usage = { prompt_tokens: 33, completion_tokens: 2 };
    const server = await serverOf(({ response }) => sendJson(response, completion('Yes', { usage })));
    const prompter = prompterOf(server);
    await prompter.ask(['f', 'g']);
    expect(prompter.usage).toMatchObject({ disbelieved: 0, said: { calls: 2, prompt: 66, completion: 4 } });
  });

  test('over the most that it may cost is not made', async () => {
    const server = await serverOf(says('Yes'));
    const { prompt } = prompterOf(server).expected('f0');
    const spending = new Spending(PRICE, 2.5 * prompt);
    await expect(prompterOf(server, { spending }).ask(['f0', 'f1', 'f2', 'f3'])).rejects.toMatchObject({
      code: 'PROMPT_COST_REACHED',
    });
    expect(server.calls.length).toBe(2);
  });
});
