import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lineHeat } from '../../../src/report/kit/heat.ts';
import { collectRun } from '../../../src/report/run/collect-run.ts';
import { writeMistakeLines } from '../../../src/report/run/mistake-lines.ts';
import { mostCertainMistakes } from '../../../src/report/run/mistakes.ts';
import { runReportPage } from '../../../src/report/run/run-report.ts';
import { fakeRun } from '../../support/fake-run.ts';

test('heat: what says "vulnerable", as a share of the most', () => {
  expect(lineHeat([2, -8, 0, 1])).toEqual([1, 0, 0, 0.5]);
  expect(lineHeat([-1, -2])).toEqual([0, 0]);
  expect(lineHeat([])).toEqual([]);
});

test('mistakes: false alarms from the highest score, then what was missed from the lowest', () => {
  const judged = [
    { score: 0.9, target: 1 },
    { score: 0.6, target: 0 },
    { score: 0.8, target: 0 },
    { score: 0.4, target: 1 },
    { score: 0.1, target: 1 },
    { score: 0.5, target: 0 },
    { score: 0.2, target: 0 },
  ] as const;
  expect(mostCertainMistakes(judged, 0.5, 2)).toEqual([2, 1, 4, 3]);
  expect(mostCertainMistakes(judged, 0, 9)).toEqual([2, 1, 5, 6]);
});

describe('the lines of a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vultune-mistakes-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('warm the code of those mistakes that they are known of', async () => {
    const run = fakeRun({ functions: 40, dir: join(folder, 'run') });
    const cold = await collectRun(run);
    const [first, second] = cold.sets[0]!.mistakes;
    expect([first!.heat, second!.heat]).toEqual([undefined, undefined]);
    writeMistakeLines(join(run, 'predictions'), new Map([[first!.code!, [0, 2, -1]]]));
    const warm = await collectRun(run);
    expect(warm.sets[0]!.mistakes[0]!.heat).toEqual([0, 1, 0]);
    expect(warm.sets[0]!.mistakes[1]!.heat).toBeUndefined();
    const marked = (page: string) => page.split('style="background:rgba(var(--heat)').length - 1;
    expect(marked(runReportPage(cold))).toBe(0);
    expect(marked(runReportPage(warm))).toBe(1);
    expect(runReportPage(warm)).toContain('Warmer lines');
    expect(runReportPage(cold)).not.toContain('Warmer lines');
  });

  test.each(['{', '{}', '{"functions":{"a":[null]}}', '{"functions":{"a":3}}'])(
    'a file that holds something else is told: %s',
    async (text) => {
      const run = fakeRun({ functions: 8, dir: join(folder, 'run') });
      writeMistakeLines(join(run, 'predictions'), new Map());
      const name = readdirSync(join(run, 'predictions')).find((file) => file.startsWith('lines'))!;
      writeFileSync(join(run, 'predictions', name), text);
      await expect(collectRun(run)).rejects.toMatchObject({ code: 'RUN_LINES_BROKEN' });
    },
  );
});
