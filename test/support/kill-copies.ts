/**
 * @file A command stopped at every one of its file operations, at the price of one run: the hook copies its folder at
 * each, and every copy, which is what a kill there leaves, is then taken to its end within this process. Needs dist/ and
 * the hook loaded here as well, for its clock. That a kill leaves such a copy is checked by killEverywhere's real ones.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProgramOptions } from '../../src/cli/program.ts';
import { fakeTerminal } from './fake-terminal.ts';
import {
  firstDifference,
  type KilledEverywhere,
  type KillOutcome,
  type KillPoint,
  type KillScenario,
  resultOf,
  vultune,
} from './kill-everywhere.ts';

const DIST = pathToFileURL(resolve(import.meta.dirname, '../../dist/cli/')).href;

/** `parent` is an empty folder. Changes the current folder. */
export async function finishEveryCopy(
  scenario: KillScenario,
  parent: string,
  onOutcome: (outcome: KillOutcome, number: number, of: number) => void,
): Promise<KilledEverywhere> {
  const [folder, copies, log] = [
    join(parent, 'work'),
    join(parent, 'copies'),
    join(parent, 'operations.txt'),
  ];
  for (const made of [folder, copies]) mkdirSync(made, { recursive: true });
  await scenario.prepare(folder);
  const whole = vultune(folder, scenario.command, { KILL_LOG: log, KILL_COPIES: copies });
  if (whole.status !== scenario.exitCode) throw new Error(`${scenario.name}: ${whole.stderr}`);
  const expected = resultOf(scenario, folder);
  const operations = readFileSync(log, 'utf8').trim().split('\n');
  const points = readdirSync(copies)
    .map((name) => pointOf(name, operations))
    .toSorted((a, b) => a.at - b.at || a.mode.localeCompare(b.mode));
  const outcomes: KillOutcome[] = [];
  for (const point of points) {
    process.chdir(parent);
    rmSync(folder, { recursive: true });
    cpSync(join(copies, `${point.at}-${point.mode}`), folder, { recursive: true, preserveTimestamps: true });
    process.chdir(folder);
    const { code, stderr } = await again(scenario, folder);
    const difference =
      code === scenario.exitCode
        ? firstDifference(expected, resultOf(scenario, folder))
        : `exit ${code}: ${stderr.slice(0, 500)}`;
    outcomes.push({ ...point, difference });
    onOutcome(outcomes.at(-1)!, outcomes.length, points.length);
  }
  return { operations, outcomes };
}

/** The point that a copy's name says. */
function pointOf(name: string, operations: readonly string[]): KillPoint {
  const [number, mode] = name.split('-') as [string, KillPoint['mode']];
  return { at: Number(number), mode, operation: operations[Number(number) - 1]! };
}

async function again(scenario: KillScenario, folder: string): Promise<{ code: number; stderr: string }> {
  const { runCli } = (await import(`${DIST}/program.js`)) as typeof import('../../src/cli/program.ts');
  const { commandRegistry } = (await import(
    `${DIST}/registry.js`
  )) as typeof import('../../src/cli/registry.ts');
  const [stdout, stderr] = [fakeTerminal(), fakeTerminal()];
  process.env.VULTUNE_CACHE = join(folder, 'cache');
  const program: ProgramOptions = { version: VERSION, commands: [], groups: commandRegistry(VERSION) };
  const code = await runCli(scenario.again?.(folder) ?? scenario.command, program, {
    stdout,
    stderr,
    stdin: process.stdin,
    env: { NO_COLOR: '1' },
    signal: new AbortController().signal,
  });
  return { code, stderr: stderr.text() };
}

const { version: VERSION } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'),
) as { version: string };
