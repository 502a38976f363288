/**
 * @file Training allocates and frees the same megabytes at every operator. glibc gives such blocks back to the system and
 * gets them anew, page by page; told to keep them, a step takes about a twelfth less time. It reads how to behave when
 * a process starts: so commands that train start the program anew, and this process hands signals on and waits.
 */
import { spawn } from 'node:child_process';

/** Blocks below 64 MB come from the heap, whose end is given back above 512 MB only. Other C libraries ignore these. */
export const STEADY_MEMORY: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: String(64 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(512 * 2 ** 20),
};

const TRAINING_COMMANDS: ReadonlySet<string> = new Set(['train', 'quickstart']);
/** Set for the process that was started: it has a parent to die with, and starts no other. */
const MARK = 'VULTUNE_RELAUNCHED';
const RELAYED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Whether it is a command that trains, on a system where that helps, and nobody has set the allocator up already. */
export function gainsFromSteadyMemory(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): boolean {
  if (platform !== 'linux' || env[MARK] !== undefined) return false;
  if (Object.keys(STEADY_MEMORY).some((name) => env[name] !== undefined)) return false;
  if (args.some((arg) => ['--help', '-h', '--dry-run'].includes(arg))) return false;
  return TRAINING_COMMANDS.has(args.find((arg) => !arg.startsWith('-')) ?? '');
}

/**
 * Runs this program anew, with this process's arguments and streams, and ends as it ends. False when no process can be
 * started: then this one has to do. Ctrl-C at a terminal reaches both processes, a signal sent to this one alone is
 * handed on; the program takes signals that come together for one.
 */
export async function relaunch(): Promise<boolean> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...STEADY_MEMORY, [MARK]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const relays = RELAYED.map((signal) => {
    const relay = () => child.kill(signal);
    process.on(signal, relay);
    return () => process.off(signal, relay);
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null] | []>((done) => {
    child.once('error', () => done([]));
    child.once('exit', (...ending) => done(ending));
  });
  for (const stop of relays) stop();
  if (code === undefined) return false;
  if (signal) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
  return true;
}

/** In the process that `relaunch` started: a parent that is killed outright takes it along. */
export function dieWithParent(): void {
  if (process.env[MARK] === undefined || process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // Waiting for that is no reason to stay.
  process.channel?.unref();
}
