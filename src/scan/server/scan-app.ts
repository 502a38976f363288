/** @file The scoring service's routes and what it refuses. Opens no socket, so it is tested without one. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { VultuneError } from '../../base/errors.ts';
import { isOwnHost } from '../../base/own-server.ts';
import type { Judge } from '../../judging/judge.ts';
import { bandOf } from '../bands.ts';
import type { Band } from '../finding.ts';

import { JobQueue, QueueFullError } from './job-queue.ts';
import { DEFAULT_SERVER_LIMITS, type ScanServerLimits } from './limits.ts';
import { openApiDescription } from './openapi.ts';
import { parseScoreRequest, RequestError } from './score-request.ts';

export interface ScanAppOptions {
  readonly judge: Judge;
  readonly threshold: number;
  /** As in {@link Bands}. */
  readonly uncertainFrom?: number | undefined;
  readonly version: string;
  /** Names and addresses that a request may call this host by; default: those of loopback. */
  readonly hostNames?: readonly string[];
  readonly limits?: Partial<ScanServerLimits>;
  /** Told what went wrong inside; who asked is told only that something did. */
  readonly onFailure?: (error: Error) => void;
}

export interface ScoredFunctionJson {
  readonly score: number;
  readonly band: Band;
  readonly truncated: boolean;
}

export function scanApp(options: ScanAppOptions): Hono {
  const { judge, threshold, uncertainFrom, version, hostNames = ['127.0.0.1'], onFailure } = options;
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const queue = new JobQueue(limits.waiting);
  const app = new Hono();
  app.use(async (context, next) => {
    const host = context.req.header('host') ?? new URL(context.req.url).host;
    const origin = context.req.header('origin');
    // A page of another site that had its name point here (DNS rebinding), or that posts without asking.
    if (!isOwnHost(host, hostNames)) throw new RequestError(403, 'HOST_REFUSED', `this is not ${host}`);
    if (origin !== undefined && !isOwnOrigin(origin, host)) {
      throw new RequestError(403, 'ORIGIN_REFUSED', `pages of ${origin} may not use this service`);
    }
    await next();
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Cache-Control', 'no-store');
  });
  app.get('/openapi.json', (context) => context.json(openApiDescription(version, limits)));
  app.get('/v1/health', (context) =>
    context.json({ status: 'ok', version, threshold, requestsWaiting: queue.length }),
  );
  app.post(
    '/v1/score',
    bodyLimit({
      maxSize: limits.bodyBytes,
      onError: () => {
        throw new RequestError(413, 'BODY_TOO_LARGE', `the body is over ${limits.bodyBytes} bytes`);
      },
    }),
    async (context) => {
      const type = context.req.header('content-type') ?? '';
      if (!/^application\/json\s*(;|$)/i.test(type)) {
        throw new RequestError(415, 'BODY_TYPE', `found "${type}", expected application/json`);
      }
      const codes = parseScoreRequest(await context.req.text(), limits.functions);
      const signal = AbortSignal.any([AbortSignal.timeout(limits.timeoutMs), context.req.raw.signal]);
      const { scores, truncated } = await queue.run(() => judge.judge(codes, { signal }), signal);
      const functions = codes.map((_, i): ScoredFunctionJson => {
        return {
          score: scores[i]!,
          band: bandOf(scores[i]!, { threshold, uncertainFrom }),
          truncated: truncated[i]!,
        };
      });
      return context.json({ threshold, functions });
    },
  );
  app.notFound((context) =>
    context.json(errorBody('NOT_FOUND', `no such endpoint: ${context.req.method} ${context.req.path}`), 404),
  );
  app.onError((error, context) => {
    const { status, code, message } = requestError(error);
    if (status === 500) onFailure?.(error);
    if (status === 503) context.header('Retry-After', '1');
    return context.json(errorBody(code, message), status as ContentfulStatusCode);
  });
  return app;
}

const errorBody = (code: string, message: string) => ({ error: { code, message } });

function requestError(error: Error): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof QueueFullError) {
    return new RequestError(503, 'BUSY', 'too many requests are waiting; try again later');
  }
  if (error.name === 'TimeoutError') return new RequestError(504, 'TIMEOUT', 'scoring took too long');
  if (error.name === 'AbortError') return new RequestError(408, 'ABORTED', 'the request was given up');
  // Said by name: whoever asks must not take the functions for judged.
  if (error instanceof VultuneError && error.code === 'SCORE_NOT_FINITE') {
    return new RequestError(500, error.code, 'the model does not give a finite score for these functions');
  }
  // What went wrong inside is for the log, not for whoever asks.
  return new RequestError(500, 'INTERNAL', 'scoring failed');
}

function isOwnOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}
