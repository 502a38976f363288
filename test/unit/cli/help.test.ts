/** @file The help of the whole program: commands in groups, the same option in the same words everywhere. */
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram, runCli } from '../../../src/cli/program.ts';
import { commandRegistry } from '../../../src/cli/registry.ts';
import { cliContext } from '../../support/cli-context.ts';

const context = () => cliContext({ isTTY: true, columns: 80, env: { NO_COLOR: '1' } });

const options = { version: '9.9.9', commands: [], groups: commandRegistry('9.9.9') };

function everyCommand(command: Command, path = command.name()): (readonly [string, Command])[] {
  return [
    [path, command] as const,
    ...command.commands.flatMap((one) => everyCommand(one, `${path} ${one.name()}`)),
  ];
}

const commands = everyCommand(createProgram(options, context()));
const visible = commands.flatMap(([path, command]) =>
  command.options.filter(({ hidden }) => !hidden).map((option) => [path, option] as const),
);

test('vultune --help: groups in the order in which one meets them, nothing wider than the screen', async () => {
  const shown = context();
  expect(await runCli(['--help'], options, shown)).toBe(0);
  const text = shown.stdout.text();
  const order = [
    'Begin:',
    'quickstart',
    'Train:',
    'data ',
    'train ',
    'evaluate ',
    'predict ',
    'scan ',
    'doctor ',
    'Help:',
    'Examples:',
  ];
  const places = order.map((word) => text.indexOf(`\n${word.endsWith(':') ? '' : '  '}${word}`));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
  expect(text).not.toContain('Commands:');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('every command says in a line what it is for, and shows how it is typed', () => {
  const leaves = commands.filter(([, command]) => command.commands.length === 0);
  expect(leaves.length).toBeGreaterThan(20);
  for (const [path, command] of leaves) {
    expect(command.summary(), path).not.toBe('');
    const shown = context();
    command.configureOutput({ writeOut: (text) => shown.stdout.write(text) });
    command.outputHelp();
    expect(shown.stdout.text().split('Examples:')[1], path).toContain(path);
  }
});

describe('one thing has one name', () => {
  test.each([
    ['json', /^print .* on standard output instead of /],
    ['device', /^where to compute/],
    ['near-duplicates', /^similarity from which functions are near duplicates/],
    ['num-threads', /threads/],
  ])('--%s', (name, words) => {
    const found = visible.filter(([, option]) => option.name() === name);
    expect(found.length).toBeGreaterThan(1);
    for (const [path, { description }] of found) expect(description, path).toMatch(words);
    expect(new Set(found.map(([, { flags }]) => flags)).size).toBe(1);
  });

  test('and no second one', () => {
    const others = ['output', 'threads', 'quiet', 'jaccard', 'cpu-threads', 'random-seed'];
    expect(visible.filter(([, option]) => others.includes(option.name()))).toEqual([]);
  });

  test('a threshold is one of scores', () => {
    for (const [path, option] of visible.filter(([, one]) => one.name() === 'threshold'))
      expect(option.description, path).toMatch(/^score from which/);
  });
});
