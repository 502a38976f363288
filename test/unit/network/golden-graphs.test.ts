/**
 * @file The graphs that stages compile to, held to golden-graphs.json: forward, cut and loss with every gradient, for each
 * way a stage can end, be chunked, share beginnings, drop inputs and be adapted. A refactoring leaves every hash as it is;
 * a change that is meant to change graphs writes the file anew: `GOLDEN=write npx vitest run test/unit/network/golden-graphs.test.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compiledGraphs } from '../../support/golden-stages.ts';

const FILE = join(import.meta.dirname, 'golden-graphs.json');

test('every stage compiles to the graph it compiled to before', async () => {
  const found = await compiledGraphs();
  if (process.env.GOLDEN === 'write') writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
  expect(found).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
  expect(Object.keys(found).length).toBeGreaterThan(100);
});
