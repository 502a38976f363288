/** @file `scan` and `lines` as a program calls them: options with defaults, no terminal. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lines, type Reporter, type RunningTask, scan, serveScan } from '../../../src/index.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-library-')));
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
  run = await writeTinyRun(folder);
  writeFileSync(
    join(folder, 'a.js'),
    'function one(a) {\n  return eval(a);\n}\nfunction two() { return call(2); }\n',
  );
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Remembers what was reported. */
function remembering(): { readonly report: Reporter; readonly said: string[] } {
  const said: string[] = [];
  const running: RunningTask = { update: () => {}, log: () => {}, stop: () => {} };
  const report: Reporter = {
    note: (text) => said.push(`note: ${text}`),
    warn: (text) => said.push(`warning: ${text}`),
    task: ({ label }) => {
      said.push(`task: ${label}`);
      return running;
    },
  };
  return { report, said };
}

describe('scan', () => {
  test('scan needs a run and paths alone, and shows code and lines by default', async () => {
    const { report } = await scan({ run, paths: [join(folder, 'a.js')], threshold: 0 });
    expect(report.complete).toBe(true);
    expect(report.findings.map(({ name }) => name).toSorted()).toEqual(['one', 'two']);
    for (const { code, lineScores } of report.findings) {
      expect(lineScores).toHaveLength(code!.split('\n').length);
    }
  });

  test('scan reports its tasks to whoever calls it', async () => {
    const { report, said } = remembering();
    await scan({ run, paths: [join(folder, 'a.js')], cache: false, threshold: 0 }, { report });
    expect(said).toEqual(['task: scanning', 'task: scanning', 'task: lines that mattered']);
  });

  test('scan gives what it has when its signal is aborted', async () => {
    const signal = AbortSignal.abort();
    const { report } = await scan({ run, paths: [folder], cache: false }, { signal });
    expect([report.complete, report.counts.functions]).toEqual([false, 0]);
  });

  test('unsuppressed findings of a baseline stay in the list that makes a new one', async () => {
    const all = await scan({ run, paths: [join(folder, 'a.js')], threshold: 0, lines: false });
    const baseline = join(folder, 'baseline.json');
    writeFileSync(baseline, JSON.stringify({ formatVersion: 1, findings: all.unsuppressed.slice(0, 1) }));
    const { report, unsuppressed } = await scan({
      run,
      paths: [join(folder, 'a.js')],
      threshold: 0,
      baseline,
    });
    expect([report.findings.length, report.counts.known, unsuppressed.length]).toEqual([1, 1, 2]);
  });
});

describe('lines', () => {
  test('lines explains every function by default', async () => {
    const { functions, explained, measures, method } = await lines({ run, data: join(folder, 'a.js') });
    expect([functions, explained.length, measures, method]).toEqual([2, 2, undefined, 'gradient']);
    const count = (await lines({ run, data: join(folder, 'a.js'), count: 1 })).explained.length;
    expect(count).toBe(1);
  });
});

test('serveScan answers until its signal is aborted, and closes the model then', async () => {
  const controller = new AbortController();
  const { url, closed } = await serveScan({ run, port: 0 }, { signal: controller.signal });
  expect(await (await fetch(`${url}/v1/health`)).json()).toMatchObject({ status: 'ok' });
  controller.abort();
  await closed;
  await expect(fetch(`${url}/v1/health`)).rejects.toThrow();
});
