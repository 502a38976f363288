/** @file Runs a registry's own client (pip's Python, mvn) to its end, without a shell. Knows no client. */
import { spawn } from 'node:child_process';

export interface ClientOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT = 16 * 2 ** 20;

/** @throws what `spawn` says (ENOENT: no such program); the signal's reason */
export async function runClient(
  command: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<ClientOutcome> {
  options.signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const [file, ...args] = command;
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      signal: options.signal,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        if (output[name].length < MAX_OUTPUT) output[name] += text;
      });
    }
    child.on('error', (error) => reject(options.signal.aborted ? (options.signal.reason as Error) : error));
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

/** Whether `spawn` found no such program. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
