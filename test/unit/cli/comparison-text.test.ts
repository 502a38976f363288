/** @file What stands above the figures of `vultune compare`. */
import { expect, test } from 'vitest';
import { comparisonText } from '../../../src/cli/compare/comparison-text.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

test.each([
  ['function', '8 functions, 4 of them vulnerable\n'],
  ['commit', '8 functions, 4 of them vulnerable, of 3 commits\n'],
] as const)('functions are counted once, and by %s where that is more than one', (by, line) => {
  const compared = {
    data: 'test.jsonl',
    runs: [['runs/first'], ['runs/second']],
    functions: 8,
    vulnerable: 4,
    clusters: { by, count: by === 'function' ? 8 : 3 },
    differences: [],
    delong: undefined,
    verdict: 'Not decided.',
  } as unknown as Parameters<typeof comparisonText>[0];
  expect(comparisonText(compared, fakeTerminal())).toMatch(new RegExp(`^${line}`));
});
