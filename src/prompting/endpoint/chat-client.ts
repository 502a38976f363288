/**
 * @file One chat completion of an OpenAI-compatible server: the request, and its answer checked. What a server sends is bounded in
 * size and time, goes through a schema, and is never shown or kept with the key in it. Retrying is the caller's business.
 */
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { VultuneError } from '../../base/errors.ts';
import { z } from '../../schema/zod.ts';
import type { ChatMessage } from '../../text/chat/chat-message.ts';
import { EndpointFailure, type FailureKind } from './endpoint-failure.ts';
import { redact } from './redact.ts';

export interface ChatClientOptions {
  /** http or https, up to /v1. */
  readonly baseUrl: string;
  readonly model: string;
  /** Undefined for a server without keys. */
  readonly apiKey: string | undefined;
  /** One request, its whole answer included. */
  readonly timeoutMs: number;
}

export interface SamplingParameters {
  readonly temperature?: number | undefined;
  readonly maxTokens: number;
  /** The name of that field: `max_completion_tokens` is the one of reasoning models. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Likeliest first tokens that are asked for; undefined: none. */
  readonly topLogprobs?: number | undefined;
}

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
}

export interface ChatReply {
  readonly text: string;
  /** The likeliest first tokens; undefined where the server gives none. */
  readonly firstToken: readonly TokenLogprob[] | undefined;
  /** As the server says it, believed or not; undefined where it says nothing that is a number. */
  readonly usage: { readonly prompt: number; readonly completion: number } | undefined;
}

/** Twenty tokens with their bytes for each token of an answer come to some hundred kilobytes. */
const MOST_ANSWER_BYTES = 4 * 2 ** 20;
/** A longer text is no answer to a question of yes or no. */
const MOST_TEXT = 200_000;
const MOST_SHOWN = 300;

const tokenLogprob = z.looseObject({ token: z.string().max(10_000), logprob: z.number() });

const completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }),
        logprobs: z
          .looseObject({
            content: z
              .array(z.looseObject({ top_logprobs: z.array(tokenLogprob).max(1000).optional() }))
              .nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
  // What it says is judged by who counts; here it only must not break the answer.
  usage: z.unknown().optional(),
});

const usageNumbers = z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() });

export class ChatClient {
  readonly #client: OpenAI;
  readonly #options: ChatClientOptions;

  constructor(options: ChatClientOptions) {
    this.#options = options;
    this.#client = new OpenAI({
      baseURL: options.baseUrl,
      // The client insists on one; servers without keys ignore it.
      apiKey: options.apiKey ?? 'none',
      adminAPIKey: null,
      timeout: options.timeoutMs,
      maxRetries: 0,
      logLevel: 'off',
      fetch: boundedFetch,
    });
  }

  /** @throws EndpointFailure; the signal's reason */
  async ask(
    messages: readonly ChatMessage[],
    { temperature, maxTokens, maxTokensField, topLogprobs }: SamplingParameters,
    signal: AbortSignal,
  ): Promise<ChatReply> {
    signal.throwIfAborted();
    // The client leaves its listener on the signal that it is given: a long run's signal would gather one for each call.
    const call = new AbortController();
    const onAbort = () => call.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      const body = await this.#client.chat.completions.create(
        {
          model: this.#options.model,
          messages: messages as OpenAI.Chat.ChatCompletionMessageParam[],
          [maxTokensField]: maxTokens,
          ...(temperature === undefined ? {} : { temperature }),
          ...(topLogprobs === undefined ? {} : { logprobs: true, top_logprobs: topLogprobs }),
        },
        { signal: call.signal },
      );
      return this.#reply(body);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #reply(body: unknown): ChatReply {
    const checked = completion.safeParse(body);
    if (!checked.success) {
      const issue = checked.error.issues[0]!;
      const found =
        typeof body === 'string' ? `text that begins ${JSON.stringify(body.slice(0, 60))}` : 'another object';
      throw new EndpointFailure(
        'temporary',
        `the server's answer is not a chat completion (${issue.path.join('.') || 'the body'}): ${this.#shown(found)}`,
      );
    }
    const { choices, usage } = checked.data;
    const { message, logprobs } = choices[0]!;
    const first = logprobs?.content?.[0]?.top_logprobs;
    const counted = usageNumbers.safeParse(usage);
    return {
      text: redact(message.content ?? message.refusal ?? '', this.#options.apiKey).slice(0, MOST_TEXT),
      firstToken: first?.map(({ token, logprob }) => ({
        token: redact(token, this.#options.apiKey),
        logprob,
      })),
      usage: counted.success
        ? { prompt: counted.data.prompt_tokens, completion: counted.data.completion_tokens }
        : undefined,
    };
  }

  /** Without the library's error as its cause: that one may hold what the server echoed. */
  #failure(error: unknown): EndpointFailure {
    if (error instanceof EndpointFailure) return error;
    if (error instanceof APIConnectionTimeoutError) {
      return new EndpointFailure('temporary', `no answer after ${this.#options.timeoutMs / 1000} seconds`);
    }
    if (error instanceof APIConnectionError) {
      const inner = ownFailure(error.cause);
      if (inner !== undefined) return inner;
      return new EndpointFailure('temporary', `the connection failed: ${this.#shown(deepestMessage(error))}`);
    }
    if (error instanceof APIError && !(error instanceof APIUserAbortError)) {
      const status: number | undefined = error.status;
      const said = this.#shown(messageOf(error));
      return new EndpointFailure(kindOf(status), `the server says ${status ?? 'an error'}: ${said}`, {
        status,
        retryAfterMs: retryAfterMs(error.headers),
      });
    }
    const what = error instanceof SyntaxError ? 'the answer is not JSON' : 'the request failed';
    return new EndpointFailure(
      'temporary',
      `${what}: ${this.#shown(error instanceof Error ? error.message : String(error))}`,
    );
  }

  #shown(text: string): string {
    return redact(text, this.#options.apiKey).replaceAll(/\s+/g, ' ').slice(0, MOST_SHOWN);
  }
}

/** Keys and organisations are not what a page or a log is for. @throws VultuneError ENDPOINT_URL */
export function parseEndpoint(text: string): URL {
  const invalid = (found: string, hint: string) =>
    new VultuneError('ENDPOINT_URL', `the endpoint ${found}`, { where: { name: '--endpoint' }, hint });
  const example = 'For example http://localhost:8080/v1.';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('is not a URL', example);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid('is neither http nor https', example);
  if (url.username !== '' || url.password !== '') {
    throw invalid('has a name or password in it', 'Give the key as OPENAI_API_KEY in the environment.');
  }
  if (url.search !== '' || url.hash !== '') {
    throw invalid(
      'has parameters behind its path',
      'Give the address up to /v1; the key goes into OPENAI_API_KEY.',
    );
  }
  return url;
}

function kindOf(status: number | undefined): FailureKind {
  if (status === 429) return 'busy';
  if (status === 401 || status === 403 || status === 404) return 'fatal';
  if (status === undefined || status === 408 || status === 409 || status >= 500) return 'temporary';
  return 'refused';
}

/** A whole answer within the limit, or a failure; the key goes to no other address than the one that was given. */
async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new EndpointFailure(
      'fatal',
      `the server redirects (${response.status}), which is not followed: give its final address`,
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  // A body that is too large is left unread: leaving the loop cancels it.
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MOST_ANSWER_BYTES) {
      throw new EndpointFailure(
        'refused',
        `the server sends more than ${MOST_ANSWER_BYTES / 2 ** 20} MiB as an answer`,
      );
    }
    parts.push(part);
  }
  const headers = new Headers(response.headers);
  // They are of the body as it was sent.
  headers.delete('content-encoding');
  headers.delete('content-length');
  const body = size === 0 ? null : Buffer.concat(parts);
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/** `retry-after-ms`, or seconds, or a date. */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const text = headers?.get('retry-after');
  if (text === null || text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function messageOf(error: APIError): string {
  const body: unknown = error.error;
  const inner = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return typeof inner === 'string' ? inner : error.message;
}

/** The library wraps what our fetch throws. */
function ownFailure(cause: unknown): EndpointFailure | undefined {
  for (let at = cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof EndpointFailure) return at;
  }
  return undefined;
}

/** "fetch failed" says nothing; what caused it does. */
function deepestMessage(error: Error): string {
  let at = error;
  for (let depth = 0; at.cause instanceof Error && depth < 5; depth++) at = at.cause;
  return at.message;
}
