/**
 * @file How git is started, by everything in the project: without a shell, without questions, with a time limit, and so
 * that nothing a repository's configuration names is run. Knows git's switches; nothing of what is asked.
 *
 * The rule: a repository that somebody else made is never a git folder of ours. Its objects are read through a
 * `RepositoryView`, whose configuration we wrote. Only clones that we made ourselves are run in directly. The switches
 * below are the second wall: they hold where a configuration is read all the same.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { withoutSecrets } from './without-secrets.ts';

/** Where git may speak to. */
export interface GitRemote {
  /** A URL without user and password. */
  readonly location: string;
  /** `user:password`; never printed, never written. */
  readonly credentials?: string;
  /** The address that git is given in its place: a view's, of a repository on this disk. */
  readonly readAs?: string;
}

/** A git folder of ours (a view, or a clone that we made), and what git may do in it. */
export interface GitFolder {
  /** Absolute: git's current folder, and its git folder. */
  readonly path: string;
  /** Given when git may speak to where the folder was cloned from; a user's own repository never speaks. */
  readonly remote?: GitRemote;
  /** The folder is not a git folder yet: a clone is made in it. */
  readonly isParent?: boolean;
  /** Beside those of `gitEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What of the user's environment reaches git: proxies and certificates, not a surrounding git's folders. */
const KEPT = /^GIT_(?:SSL_|PROXY_|HTTP_|SSH$|SSH_COMMAND$|SSH_VARIANT$|CONFIG_GLOBAL$|EXEC_PATH$)/;

const SWITCHES = [
  '--no-pager',
  '--no-replace-objects',
  ...[
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.askPass=',
    'core.attributesFile=/dev/null',
    'protocol.ext.allow=never',
    'protocol.fd.allow=never',
    'safe.directory=*',
    'gc.auto=0',
    'maintenance.auto=false',
    'submodule.recurse=false',
    'fetch.recurseSubmodules=false',
    'core.quotePath=false',
    'diff.renameLimit=2000',
    // A server that stopped sending ends the fetch.
    'http.lowSpeedLimit=1',
    'http.lowSpeedTime=120',
  ].flatMap((setting) => ['-c', setting]),
];

const MINUTE_MS = 60_000;
/** One answer about objects on this disk. */
export const LOCAL_LIMIT_MS = 10 * MINUTE_MS;
/** A clone or a fetch of the largest repositories over a slow line. */
const REMOTE_LIMIT_MS = 12 * 60 * MINUTE_MS;
/** Between being asked to end and being ended. */
const GRACE_MS = 3000;

/** Starts git in a folder of ours. An aborted signal ends it. */
export function startGit(
  args: readonly string[],
  folder: GitFolder,
  signal?: AbortSignal,
): ChildProcessWithoutNullStreams {
  const child = spawn('git', [...SWITCHES, ...args], {
    cwd: folder.path,
    env: gitEnvironment(folder),
    stdio: 'pipe',
    windowsHide: true,
  });
  const end = () => endProcess(child);
  signal?.addEventListener('abort', end, { once: true });
  child.once('close', () => signal?.removeEventListener('abort', end));
  return child;
}

/** git ends its helpers (ssh, index-pack) when it is asked to end; it is killed where it does not listen. */
export function endProcess(child: ChildProcessWithoutNullStreams): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  timer.unref();
  child.once('close', () => clearTimeout(timer));
}

export function gitEnvironment(folder: GitFolder): NodeJS.ProcessEnv {
  const { remote } = folder;
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || KEPT.test(name));
  const scheme = remote === undefined ? 'none' : new URL(remote.location).protocol.slice(0, -1);
  return {
    ...Object.fromEntries(entries),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_OPTIONAL_LOCKS: '0',
    // No repository is looked for: neither in the folder nor above it.
    ...(folder.isParent === true
      ? { GIT_CEILING_DIRECTORIES: dirname(folder.path) }
      : { GIT_DIR: folder.path }),
    // Beats whatever protocol.*.allow a repository's configuration says.
    GIT_ALLOW_PROTOCOL: scheme === 'http' ? 'http:https' : scheme,
    // Beats core.sshCommand.
    GIT_SSH_COMMAND: process.env.GIT_SSH_COMMAND ?? 'ssh -oBatchMode=yes -oConnectTimeout=60',
    // What the user has set up (helpers for credentials, proxies) is for speaking to servers only.
    ...(remote === undefined ? { GIT_NO_LAZY_FETCH: '1', GIT_CONFIG_GLOBAL: NO_FILE } : {}),
    ...addressSettings(remote),
    ...folder.env,
  };
}

const NO_FILE = process.platform === 'win32' ? 'NUL' : '/dev/null';

/** User and password travel in the environment: other users' `ps` and the clone's configuration do not show them. */
function addressSettings(remote: GitRemote | undefined): Record<string, string> {
  if (remote === undefined) return {};
  const { origin, host, protocol } = new URL(remote.location);
  const rewrites = [
    ...(remote.credentials === undefined
      ? []
      : [[`${protocol}//${remote.credentials}@${host}/`, `${origin}/`] as const]),
    ...(remote.readAs === undefined ? [] : [[remote.readAs, remote.location] as const]),
  ];
  const entries = rewrites.flatMap(([to, from], i) => [
    [`GIT_CONFIG_KEY_${i}`, `url.${to}.insteadOf`],
    [`GIT_CONFIG_VALUE_${i}`, from],
  ]);
  return { GIT_CONFIG_COUNT: String(rewrites.length), ...Object.fromEntries(entries) };
}

export interface GitOutcome {
  readonly code: number;
  readonly stdout: string;
  /** Without users and passwords; the end of it. */
  readonly stderr: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly input?: string;
  /** Beside the folder's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: ten minutes, twelve hours where git speaks to a server. */
  readonly limitMs?: number;
  /** The most bytes of standard output; more is an error, never a shorter answer. */
  readonly mostOutput?: number;
}

const MOST_OUTPUT = 256 * 2 ** 20;
const MOST_STDERR = 64 * 1024;

/** Runs git to its end. @throws VultuneError `GIT_MISSING`, `GIT_TIMEOUT`, `GIT_OUTPUT_TOO_LARGE`; the signal's reason */
export async function runGit(
  args: readonly string[],
  folder: GitFolder,
  options: RunOptions = {},
): Promise<GitOutcome> {
  const { signal, limitMs = folder.remote === undefined ? LOCAL_LIMIT_MS : REMOTE_LIMIT_MS } = options;
  signal?.throwIfAborted();
  const env = { ...folder.env, ...options.env };
  const child = startGit(args, { ...folder, env }, signal);
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
    endProcess(child);
  };
  const timer = setTimeout(() => fail(timeoutError(args[0]!, limitMs)), limitMs);
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= (options.mostOutput ?? MOST_OUTPUT)) chunks.push(chunk);
    else fail(tooMuchError(args[0]!));
  });
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-MOST_STDERR);
  });
  child.stdin.on('error', () => undefined); // Ended early: its exit code tells why.
  child.stdin.end(options.input ?? '');
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(gitError(error)));
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    const stdout = Buffer.concat(chunks).toString('utf8');
    return { code: code ?? 1, stdout, stderr: withoutSecrets(stderr).trim() };
  } finally {
    clearTimeout(timer);
  }
}

export function timeoutError(command: string, limitMs: number): VultuneError {
  return new VultuneError(
    'GIT_TIMEOUT',
    `git ${command} gave no answer within ${Math.round(limitMs / 1000)} seconds and was ended`,
    { hint: 'look at the repository with `git fsck`, and at the connection to its server', exitCode: 1 },
  );
}

function tooMuchError(command: string): VultuneError {
  return new VultuneError('GIT_OUTPUT_TOO_LARGE', `git ${command} says more than can be held in memory`, {
    hint: 'the repository names more files than this program reads',
    exitCode: 1,
  });
}

/** What `spawn` says when git is not installed. */
export function gitError(error: Error): Error {
  if (!('code' in error) || error.code !== 'ENOENT') return error;
  return new VultuneError('GIT_MISSING', 'commits are read with git, which is not on the PATH', {
    hint: 'install git 2.31 or later',
    cause: error,
    exitCode: 1,
  });
}
