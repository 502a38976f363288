import { Command } from 'commander';
import { describe, expect, test, vi } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { startProgress } from '../../../src/cli/display/progress.ts';
import { listenForInterrupt } from '../../../src/cli/interrupt.ts';
import type { CliCommand } from '../../../src/cli/program.ts';
import { cliCase } from '../../support/cli-case.ts';

/** A command that does what the test says. */
const doing =
  (action: (context: Parameters<CliCommand>[0]) => unknown): CliCommand =>
  (context) =>
    new Command('do')
      .summary('does it')
      .argument('[what]')
      .option('--times <n>', 'how often')
      .action(async () => {
        await action(context);
      });

describe('exit codes and what is said', () => {
  test('done: 0, and what the command wrote', async () => {
    const result = await cliCase([doing(({ stdout }) => stdout.write('result\n'))], ['do']);
    expect(result).toEqual({ exitCode: 0, stdout: 'result\n', stderr: '' });
  });

  test("a user's mistake: code, place and hint, no stack, its own exit code", async () => {
    const error = new VultuneError('DATA_BAD', 'found a, expected b', {
      where: { file: 'x.jsonl', line: 3, name: 'code' },
      hint: 'write b',
    });
    const result = await cliCase([doing(() => Promise.reject(error))], ['do']);
    expect(result).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error DATA_BAD: found a, expected b\n  at: x.jsonl:3, code\n  hint: write b\n',
    });
    const other = new VultuneError('NET', 'gone', { exitCode: 1 });
    expect(await cliCase([doing(() => Promise.reject(other))], ['do'])).toMatchObject({
      exitCode: 1,
      stderr: 'error NET: gone\n',
    });
  });

  test('a bug of ours: its stack and its causes, 70', async () => {
    const bug = new TypeError('x is undefined', { cause: new Error('because') });
    const { exitCode, stderr } = await cliCase([doing(() => Promise.reject(bug))], ['do']);
    expect(exitCode).toBe(70);
    expect(stderr).toMatch(/^internal error: TypeError: x is undefined\n\s+at .*program\.test\.ts/);
    expect(stderr).toContain('caused by: Error: because');
  });

  test('a failed check: the code the command set', async () => {
    expect((await cliCase([doing(({ setExitCode }) => setExitCode(1))], ['do'])).exitCode).toBe(1);
  });

  test('interrupted: 130, whether the command returned in order or gave up', async () => {
    const { signal } = { signal: AbortSignal.abort() };
    expect((await cliCase([doing(() => {})], ['do'], { signal })).exitCode).toBe(130);
    const gaveUp = await cliCase([doing(() => signal.throwIfAborted())], ['do'], { signal });
    expect(gaveUp).toMatchObject({ exitCode: 130, stderr: 'interrupted\n' });
  });

  test('a live line that a failing command left is taken away before the error', async () => {
    const failing = doing(({ stderr }) => {
      startProgress({ label: 'train', total: 10, unit: 'steps' }, stderr).update({ done: 1 });
      throw new VultuneError('X', 'no');
    });
    const { stderr } = await cliCase([failing], ['do'], { columns: 60 });
    expect(stderr).toContain('train');
    expect(stderr.endsWith('\x1b[2Kerror X: no\n')).toBe(true);
  });
});

describe('usage', () => {
  test.each<[string[], string, string]>([
    [['dp'], "unknown command 'dp'", 'did you mean do?'],
    [['do', '--time', '3'], "unknown option '--time'", 'did you mean --times?'],
    [['do', 'a', 'b'], 'too many arguments', 'vultune --help'],
    [['do', '--times'], "option '--times <n>' argument missing", 'vultune --help'],
  ])('%j', async (argv, message, hint) => {
    const { exitCode, stdout, stderr } = await cliCase([doing(() => {})], argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error CLI_USAGE: /);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`hint: ${hint}`);
  });

  test('help and version go to stdout, with 0; no arguments are a question for help', async () => {
    const help = await cliCase([doing(() => {})], ['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/ do \[what\]\s+does it/);
    expect(await cliCase([doing(() => {})], [])).toEqual(help);
    expect(await cliCase([], ['--version'])).toEqual({ exitCode: 0, stdout: '9.9.9\n', stderr: '' });
  });
});

test('any number of tasks may listen for a stop', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { signal } = listenForInterrupt({ on: () => {}, off: () => {}, exit: () => {} }, () => {});
  for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => {});
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

/** A process that can be sent signals. */
function fakeProcess() {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  const notes: string[] = [];
  const source = {
    on: (signal: string, listener: () => void) => listeners.set(signal, listener),
    off: (signal: string) => listeners.delete(signal),
    exit: (code: number) => exits.push(code),
  };
  const interrupt = listenForInterrupt(source, (text) => notes.push(text));
  return { listeners, exits, notes, interrupt, send: (signal: string) => listeners.get(signal)?.() };
}

test('the first Ctrl-C asks, the second kills', () => {
  const { interrupt, exits, notes, listeners, send } = fakeProcess();
  expect(interrupt.signal.aborted).toBe(false);
  send('SIGINT');
  expect({ aborted: interrupt.signal.aborted, exits, notes: notes.length }).toEqual({
    aborted: true,
    exits: [],
    notes: 1,
  });
  expect(interrupt.exitCode()).toBe(130);
  send('SIGTERM');
  expect(exits).toEqual([143]);
  interrupt.dispose();
  expect(listeners.size).toBe(0);
});

test('a terminal that closes asks as SIGTERM does, however often it says so', () => {
  const { interrupt, exits, send } = fakeProcess();
  send('SIGHUP');
  send('SIGHUP');
  expect([interrupt.signal.aborted, interrupt.exitCode(), exits]).toEqual([true, 129, []]);
  send('SIGINT');
  expect(exits).toEqual([130]);
});
