/**
 * @file How git is called: without a shell, without questions, and so that nothing a repository's own configuration
 * names (hooks, helpers, transports, monitors) is run. Knows git's switches; nothing of fixes.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { VultuneError } from '../../../../base/errors.ts';
import { type RepositoryAddress, withoutSecrets } from './repository-address.ts';

/** A repository on this disk, and what git may do in it. */
export interface GitFolder {
  /** Absolute. */
  readonly path: string;
  /** Given when git may speak to where the folder was cloned from; a user's own repository never speaks. */
  readonly remote?: RepositoryAddress;
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
    'protocol.ext.allow=never',
    'protocol.fd.allow=never',
    'safe.directory=*',
    'gc.auto=0',
    'maintenance.auto=false',
    'submodule.recurse=false',
    'fetch.recurseSubmodules=false',
    'core.quotePath=false',
    'diff.renameLimit=2000',
  ].flatMap((setting) => ['-c', setting]),
];

/** Starts git in a folder. `remote`: the only place it may speak to. */
export function startGit(
  args: readonly string[],
  folder: GitFolder,
  signal?: AbortSignal,
): ChildProcessWithoutNullStreams {
  return spawn('git', [...SWITCHES, ...args], {
    cwd: folder.path,
    env: gitEnvironment(folder.remote),
    stdio: 'pipe',
    windowsHide: true,
    ...(signal === undefined ? {} : { signal }),
  });
}

export function gitEnvironment(remote: RepositoryAddress | undefined): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || KEPT.test(name));
  const scheme = remote === undefined ? 'none' : new URL(remote.location).protocol.slice(0, -1);
  return {
    ...Object.fromEntries(entries),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_OPTIONAL_LOCKS: '0',
    // Beats whatever protocol.*.allow a repository's configuration says.
    GIT_ALLOW_PROTOCOL: scheme === 'http' ? 'http:https' : scheme,
    // Beats core.sshCommand.
    GIT_SSH_COMMAND: process.env.GIT_SSH_COMMAND ?? 'ssh -oBatchMode=yes',
    ...(remote === undefined ? { GIT_NO_LAZY_FETCH: '1' } : {}),
    ...credentialSettings(remote),
  };
}

/** User and password travel in the environment: other users' `ps` and the clone's configuration do not show them. */
function credentialSettings(remote: RepositoryAddress | undefined): Record<string, string> {
  if (remote?.credentials === undefined) return {};
  const { origin, host, protocol } = new URL(remote.location);
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${protocol}//${remote.credentials}@${host}/.insteadOf`,
    GIT_CONFIG_VALUE_0: `${origin}/`,
  };
}

export interface GitOutcome {
  readonly code: number;
  readonly stdout: string;
  /** Without users and passwords. */
  readonly stderr: string;
}

const MAX_OUTPUT = 64 * 2 ** 20;

/** Runs git to its end. @throws VultuneError `GIT_MISSING`; the signal's reason */
export async function runGit(
  args: readonly string[],
  folder: GitFolder,
  options: { readonly signal?: AbortSignal; readonly input?: string } = {},
): Promise<GitOutcome> {
  options.signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const child = startGit(args, folder, options.signal);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        if (output[name].length < MAX_OUTPUT) output[name] += text;
      });
    }
    child.on('error', (error) =>
      reject(options.signal?.aborted === true ? options.signal.reason : gitError(error)),
    );
    child.on('close', (code) =>
      resolve({ code: code ?? 1, stdout: output.stdout, stderr: withoutSecrets(output.stderr).trim() }),
    );
    child.stdin.on('error', () => undefined); // Ended early: its exit code tells why.
    child.stdin.end(options.input ?? '');
  });
}

/** What `spawn` says when there is no git. */
export function gitError(error: Error): Error {
  if (!('code' in error) || error.code !== 'ENOENT') return error;
  return new VultuneError('GIT_MISSING', 'commits are read with git, and there is none on the PATH', {
    hint: 'install git 2.31 or later',
    cause: error,
    exitCode: 1,
  });
}
