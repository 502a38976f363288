/**
 * @file The npm client's own configuration (registry, mirrors, proxies, certificates, credentials, cache), so that
 * releases are fetched as `npm install` would. Fetches nothing itself.
 */
import { dirname, join } from 'node:path';
import Config from '@npmcli/config';
import definitions from '@npmcli/config/lib/definitions/index.js';
import type { Options } from 'pacote';

/** npm waits 10 s to 60 s between tries and five minutes for an answer: too long for a list of hundreds. */
const PATIENCE = { minTimeout: 1_000, maxTimeout: 5_000, answerMs: 60_000 };

/**
 * What npm would fetch with in this folder, by this user: .npmrc files (project, user, global, built in) and
 * environment. What is cached is taken from the cache without asking whether it is current: releases do not change.
 */
export async function npmFetchOptions(): Promise<Options> {
  const config = new Config({
    ...definitions,
    npmPath: npmFolder(),
    // Our own command line is not npm's.
    argv: [process.execPath, 'npm'],
    env: { ...process.env },
    warn: false,
  });
  await config.load();
  const options: Record<string, unknown> = { ...config.flat, preferOffline: true };
  const retry = { ...(config.flat.retry as Record<string, unknown>) };
  if (config.isDefault('fetch-retry-mintimeout')) retry.minTimeout = PATIENCE.minTimeout;
  if (config.isDefault('fetch-retry-maxtimeout')) retry.maxTimeout = PATIENCE.maxTimeout;
  if (config.isDefault('fetch-timeout')) options.timeout = PATIENCE.answerMs;
  return { ...options, retry } as Options;
}

/** Where npm lies, for its built-in .npmrc: the one that runs us, else the one beside this Node. */
function npmFolder(): string {
  const running = process.env.npm_execpath;
  if (running?.endsWith('npm-cli.js')) return dirname(dirname(running));
  const besideNode = dirname(process.execPath);
  return process.platform === 'win32'
    ? join(besideNode, 'node_modules/npm')
    : join(besideNode, '../lib/node_modules/npm');
}
