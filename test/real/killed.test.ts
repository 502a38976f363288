/** @file A command killed at any of its file operations and given again ends with the bytes of one that was never stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type KillPoint, killEverywhere } from '../support/kill-everywhere.ts';
import { killScenarios } from '../support/kill-scenarios.ts';

const parent = mkdtempSync(join(tmpdir(), 'vultune-killed-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** So many of all points (tools/kill-everywhere.mjs goes through them), spread from the first to the last. */
const MOST_KILLS = 12;

function spread(points: readonly KillPoint[]): readonly KillPoint[] {
  const count = Math.min(MOST_KILLS, points.length);
  return Array.from(
    { length: count },
    (_, i) => points[Math.round((i * (points.length - 1)) / (count - 1))]!,
  );
}

test.each(killScenarios)(
  '$name, killed at points from its first file operation to its last',
  async (scenario) => {
    const folder = mkdtempSync(join(parent, 'one-'));
    const { outcomes } = await killEverywhere(scenario, folder, spread);
    expect(outcomes.filter(({ difference }) => difference !== undefined)).toEqual([]);
  },
);

test('a training killed where its page, or the file of the lines, is about to be written gets both', async () => {
  const training = killScenarios.find(({ name }) => name === 'train')!;
  const { outcomes } = await killEverywhere(training, mkdtempSync(join(parent, 'one-')), (points) =>
    points.filter(
      ({ operation, mode }) => mode === 'before' && /^openSync .*(report\.html|lines\.json)/.test(operation),
    ),
  );
  expect(outcomes.map(({ difference }) => difference)).toEqual([undefined, undefined]);
});

test.each(killScenarios)(
  '$name, interrupted from its first file operation to its last, ends with 130 and is done by the next call',
  async (scenario) => {
    const { outcomes } = await killEverywhere(scenario, mkdtempSync(join(parent, 'one-')), (points) =>
      spread(points.filter(({ mode }) => mode === 'before')).map((point) => ({
        ...point,
        mode: 'interrupt',
      })),
    );
    expect(outcomes.filter(({ difference }) => difference !== undefined)).toEqual([]);
  },
);
