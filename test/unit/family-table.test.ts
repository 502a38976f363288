/** @file Guards README's table of families: a row that is missing, or a tick without a test, fails here. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withFamilyTable } from '../support/family-table.ts';

test('README.md has a row for each family of the registry (npm run families writes it anew)', async () => {
  const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
  await expect(await withFamilyTable(readme)).toMatchFileSnapshot('../../README.md');
});
