/** @file Guards the public API: a change of an exported name or signature shows in docs/api.md, or fails here. */
import { expect, test } from 'vitest';
import { apiReport } from '../support/api-report.ts';

test('docs/api.md has the exported names and signatures (npm run api writes it anew)', async () => {
  const report = apiReport();
  await expect(report).toMatchFileSnapshot('../../docs/api.md');
});
