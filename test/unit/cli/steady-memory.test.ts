/** @file Which commands are started anew with another allocator; how they end is in test/real/relaunch.test.ts. */
import { expect, test } from 'vitest';
import { gainsFromSteadyMemory } from '../../../src/cli/steady-memory.ts';

test.each<[boolean, string, string, Record<string, string>]>([
  [true, 'train c.yaml', 'linux', {}],
  [true, 'train --resume runs/1', 'linux', { HOME: '/home/a' }],
  [true, 'quickstart --quick', 'linux', {}],
  [false, 'train c.yaml', 'darwin', {}],
  [false, 'scan runs/1 src', 'linux', {}],
  [false, '', 'linux', {}],
  [false, 'train --help', 'linux', {}],
  [false, 'train c.yaml --dry-run', 'linux', {}],
  [false, 'train c.yaml', 'linux', { VULTUNE_RELAUNCHED: '1' }],
  [false, 'train c.yaml', 'linux', { MALLOC_TRIM_THRESHOLD_: '1' }],
])('%s: vultune %s on %s with %j', (expected, args, platform, env) => {
  expect(gainsFromSteadyMemory(platform as NodeJS.Platform, env, args.split(' '))).toBe(expected);
});
