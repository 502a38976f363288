/**
 * @file A command killed at its file operations, one after the other, and given again: does it end with the same bytes as
 * one that was never stopped? Needs dist/. What the commands are is said in kill-scenarios.ts.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');
const HOOK = pathToFileURL(resolve(import.meta.dirname, 'kill-hook.mjs')).href;

export interface KillScenario {
  readonly name: string;
  /** Makes what the command reads, in an empty folder. */
  prepare(folder: string): Promise<void>;
  /** Arguments of the command; it runs in the folder. */
  readonly command: readonly string[];
  /** What is given after a kill, where it is not the same command. */
  again?(folder: string): readonly string[];
  /** Exit code of one that was not stopped. */
  readonly exitCode: number;
  /** Files and folders that must end the same, relative to the folder. */
  readonly results: readonly string[];
  /** What of a file must be the same, where that is not its bytes. */
  readonly comparable?: (file: string, bytes: Buffer) => string | Buffer;
}

export interface KillPoint {
  readonly at: number;
  readonly mode: 'before' | 'half' | 'interrupt';
  readonly operation: string;
}

export interface KillOutcome extends KillPoint {
  /** Undefined where the end is the same. */
  readonly difference: string | undefined;
}

export interface KilledEverywhere {
  readonly operations: readonly string[];
  readonly outcomes: readonly KillOutcome[];
}

interface Run {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function vultune(folder: string, args: readonly string[], env: Readonly<Record<string, string>>): Run {
  return spawnSync(process.execPath, ['--import', HOOK, MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, VULTUNE_CACHE: join(folder, 'cache'), NO_COLOR: '1', ...env },
  });
}

/**
 * Kills at the points that `choose` picks out of all: before each operation (after one is before the next), and half way
 * through each write; it may make interruptions of them. `parent` is an empty folder; each run is in the same place in it, because runs name their folder.
 */
export async function killEverywhere(
  scenario: KillScenario,
  parent: string,
  choose: (points: readonly KillPoint[]) => readonly KillPoint[] = (points) => points,
  onOutcome: (outcome: KillOutcome, number: number, of: number) => void = () => {},
): Promise<KilledEverywhere> {
  const [template, folder] = [join(parent, 'template'), join(parent, 'work')];
  mkdirSync(template, { recursive: true });
  await scenario.prepare(template);
  const fresh = () => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(template, folder, { recursive: true, preserveTimestamps: true });
  };
  fresh();
  const log = join(parent, 'operations.txt');
  rmSync(log, { force: true });
  const whole = vultune(folder, scenario.command, { KILL_LOG: log });
  if (whole.status !== scenario.exitCode) throw new Error(`${scenario.name}: ${whole.stderr}`);
  const expected = resultOf(scenario, folder);
  const operations = readFileSync(log, 'utf8').trim().split('\n');
  const chosen = choose(killPoints(operations));
  const outcomes = chosen.map((point, index) => {
    fresh();
    const difference = killAndGoOn(scenario, folder, point, expected);
    const outcome = { ...point, difference };
    onOutcome(outcome, index + 1, chosen.length);
    return outcome;
  });
  return { operations, outcomes };
}

function killPoints(operations: readonly string[]): KillPoint[] {
  return operations.flatMap((operation, index): KillPoint[] => {
    const point = { at: index + 1, operation };
    const writes = /^(write|append)/.test(operation);
    return [{ ...point, mode: 'before' }, ...(writes ? [{ ...point, mode: 'half' } as const] : [])];
  });
}

function killAndGoOn(
  scenario: KillScenario,
  folder: string,
  { at, mode }: KillPoint,
  expected: ReadonlyMap<string, string>,
): string | undefined {
  const killed = vultune(folder, scenario.command, { KILL_AT: `${at}`, KILL_MODE: mode });
  if (mode === 'interrupt') {
    // After its last work a command has nothing to interrupt.
    if (killed.status !== 130 && killed.status !== scenario.exitCode) {
      return `interrupted: exit ${killed.status}: ${killed.stderr.slice(0, 500)}`;
    }
  } else if (killed.signal !== 'SIGKILL') return `not killed: exit ${killed.status}`;
  const again = vultune(folder, scenario.again?.(folder) ?? scenario.command, {});
  if (again.status !== scenario.exitCode) return `exit ${again.status}: ${again.stderr.slice(0, 500)}`;
  return firstDifference(expected, resultOf(scenario, folder));
}

/** By path: the hash of each file, or of what must be the same of it. */
export function resultOf({ results, comparable }: KillScenario, folder: string): Map<string, string> {
  const files = results.flatMap((result) => filesBelow(folder, result));
  return new Map(
    files.map((file) => {
      const bytes = readFileSync(join(folder, file));
      const compared = comparable?.(file, bytes) ?? bytes;
      return [file, createHash('sha256').update(compared).digest('hex')];
    }),
  );
}

function filesBelow(folder: string, path: string): string[] {
  const full = join(folder, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full)
    .sort()
    .flatMap((name) => filesBelow(folder, join(path, name)));
}

export function firstDifference(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string | undefined {
  for (const [file, hash] of expected) {
    if (!found.has(file)) return `${file} is missing`;
    if (found.get(file) !== hash) return `${file} differs`;
  }
  const more = [...found.keys()].find((file) => !expected.has(file));
  return more === undefined ? undefined : `${more} is left over`;
}
