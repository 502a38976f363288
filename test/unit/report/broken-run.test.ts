/** @file Runs whose files somebody edited: a reader says what is wrong and where, and never fails as a bug of ours. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { dashboardApp } from '../../../src/dashboard/dashboard-app.ts';
import { collectRun } from '../../../src/report/run/collect-run.ts';
import { comparisonPage } from '../../../src/report/run/comparison-report.ts';
import { runReportPage } from '../../../src/report/run/run-report.ts';
import { writeTensorboard } from '../../../src/report/tensorboard/write-tensorboard.ts';
import { fakeRun } from '../../support/fake-run.ts';

let root = '';
let dir = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vultune-broken-run-'));
  dir = fakeRun({ dir: join(root, 'runs', 'edited'), functions: 6, steps: 2, epochs: 1 });
  fakeRun({ dir: join(root, 'runs', 'whole'), steps: 2, epochs: 1 });
  writeFileSync(
    join(dir, 'predictions', 'lines.json'),
    JSON.stringify({ formatVersion: 1, functions: { abc: [1, 2] } }),
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function changed(value: unknown, [head, ...rest]: Path, to: unknown): unknown {
  if (head === undefined) return to;
  const copy: unknown = structuredClone(value);
  (copy as Record<string, unknown>)[head] = changed((copy as Record<string, unknown>)[head], rest, to);
  return copy;
}

/** Every field meets two or three of them. */
const VALUES: readonly unknown[] = [null, -1, 'text', [null], {}, { length: 3 }, undefined, true];
const SETS_MATTER: ReadonlySet<string> = new Set([
  'metrics.json',
  'predictions/test.jsonl',
  'predictions/lines.json',
]);

/** Every field of the file, with values of other kinds; the first and last lines of a file of lines. */
async function tryAll(file: string, isLines: boolean): Promise<VultuneError[]> {
  const whole = readFileSync(join(dir, file), 'utf8');
  const lines = whole.trimEnd().split('\n');
  const errors: VultuneError[] = [];
  const rows = isLines
    ? lines.map((line, i) => [i, line] as const).filter(([i]) => i < 2 || i > lines.length - 3)
    : [[0, whole] as const];
  try {
    for (const [at, text] of rows) {
      const json: unknown = JSON.parse(text);
      for (const [p, path] of pathsOf(json).entries()) {
        for (const value of VALUES.filter((_, v) => (v + p) % 3 === 0)) {
          const edited = JSON.stringify(changed(json, path, value)) ?? '';
          writeFileSync(join(dir, file), isLines ? `${lines.with(at, edited).join('\n')}\n` : edited);
          try {
            const data = await collectRun(dir, { withSets: SETS_MATTER.has(file) });
            runReportPage(data);
            comparisonPage([data, data]);
            if (file !== 'metrics.json') writeTensorboard(dir, join(root, 'tensorboard'));
          } catch (error) {
            if (!(error instanceof VultuneError)) {
              throw new Error(`${file} ${path.join('.')} = ${JSON.stringify(value)}`, { cause: error });
            }
            errors.push(error);
          }
        }
      }
    }
  } finally {
    writeFileSync(join(dir, file), whole);
  }
  return errors;
}

describe('a field of another kind, wherever it stands, is named by a clear error or does not matter:', () => {
  test.each([
    ['run.json', /^RUN_(RECORD_BROKEN|FORMAT_UNKNOWN)$/],
    ['metrics.json', /^RUN_METRICS_BROKEN$/],
    ['events.jsonl', /^RUN_EVENTS_BROKEN$/],
    ['predictions/test.jsonl', /^RUN_PREDICTIONS_BROKEN$/],
    ['predictions/lines.json', /^RUN_LINES_BROKEN$/],
  ])('%s', async (file, code) => {
    const errors = await tryAll(file, file.endsWith('.jsonl'));
    expect(errors.length).toBeGreaterThan(5);
    for (const error of errors) {
      expect(error.code).toMatch(code);
      expect(error.where?.file).toBe(join(dir, file));
    }
  });

  test('the field is named', async () => {
    const whole = readFileSync(join(dir, 'run.json'), 'utf8');
    try {
      writeFileSync(join(dir, 'run.json'), whole.replace(/"sha256":"\w+"/, '"sha256":5'));
      await expect(collectRun(dir)).rejects.toMatchObject({ where: { name: 'data.test_file.sha256' } });
    } finally {
      writeFileSync(join(dir, 'run.json'), whole);
    }
  });
});

describe('the dashboard', () => {
  const get = (path: string) =>
    dashboardApp({
      root: join(root, 'runs'),
      isAllowedHost: () => true,
      signal: new AbortController().signal,
    }).request(path, { headers: { host: 'localhost' } });

  test('shows the other runs, and says which one is broken, and where', async () => {
    const file = join(dir, 'metrics.json');
    const whole = readFileSync(file, 'utf8');
    try {
      writeFileSync(file, whole.replace('"roc_auc":0.7', '"roc_auc":"high"'));
      const list = await get('/');
      const text = await list.text();
      expect(list.status).toBe(200);
      expect(text).toContain('href="/run?run=whole"');
      expect(text).toContain('RUN_METRICS_BROKEN');
      expect(text).toContain('test.metrics.roc_auc');
      const own = await get('/run?run=edited');
      expect(own.status).toBe(422);
      expect(await own.text()).toContain('test.metrics.roc_auc');
      expect((await get('/run?run=whole')).status).toBe(200);
    } finally {
      writeFileSync(file, whole);
    }
  });
});
