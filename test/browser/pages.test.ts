/** @file The pages in Chromium: nothing asked for, no sideways scrolling, accessible, the slider and tables work. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectStatistics } from '../../src/dataset/statistics/collect-statistics.ts';
import { readFinishedCell } from '../../src/experiments/cell-figures.ts';
import { parseTable } from '../../src/experiments/experiment-table.ts';
import { type CellStatus, resultTable } from '../../src/experiments/result-table.ts';
import { tablePath } from '../../src/experiments/shipped-files.ts';
import { tablePage } from '../../src/experiments/table-page.ts';
import { datasetReportPage } from '../../src/report/dataset-report.ts';
import { collectRun } from '../../src/report/run/collect-run.ts';
import { comparisonPage } from '../../src/report/run/comparison-report.ts';
import { runReportPage } from '../../src/report/run/run-report.ts';
import { markFinished, runPaths } from '../../src/runs/run-folder.ts';
import { htmlReport } from '../../src/scan/output/html.ts';
import {
  accessibilityViolations,
  LOOKS,
  type Look,
  launchBrowser,
  openPage,
  screenshot,
} from '../support/browser.ts';
import { fakeRun } from '../support/fake-run.ts';
import { finding, report } from '../support/scan-report.ts';

let browser: Browser;
/** A table of a paper with every kind of cell: finished, failed, not run, and with curves. */
function experiment(): string {
  const file = tablePath('shestov-table-8');
  const table = { ...parseTable(readFileSync(file, 'utf8'), file), curves: ['roc_auc', 'log_loss'] };
  const cells = table.rows.flatMap(({ name: row }, r) =>
    table.seeds.map((seed): CellStatus => {
      const common = { row, seed, id: `${r}${seed}`.padEnd(16, '0') };
      if (r === 2) return { ...common, state: 'not started' };
      if (r === 3 && seed === 3) {
        const message = 'the loss or its gradient is not a number any more at step 3 (Lower learning_rate)';
        return { ...common, state: 'failed', failure: { code: 'TRAINING_DIVERGED', message } };
      }
      const dir = fakeRun({ functions: 40, seed: 10 * r + seed, lift: r / 10 });
      markFinished({ paths: runPaths(dir) });
      return { ...common, state: 'finished', cell: readFinishedCell(dir) };
    }),
  );
  return tablePage(resultTable(table, cells), { linkOf: (id) => `../cells/${id}/report.html` });
}

const addresses = new Map<string, string>();

/** Sixty findings with all kinds of remarks, the first six with their code. */
function scanned() {
  const findings = Array.from({ length: 60 }, (_, i) => {
    const code = `static int handle_${i}(struct request *r, const char *s) {\n  char buffer[64];\n  strcpy(buffer, s);\n  if (r->length > ${i})\n    return -1;\n  return send(r, buffer);\n}`;
    const nearest = {
      id: `known-${i}`,
      cve: `CVE-2020-100${i % 3}`,
      cwe: [i % 2 === 0 ? 'CWE-120' : 'CWE-79'],
      similarity: 0.9,
    };
    return finding({
      file: `src/${i % 3 === 0 ? 'net' : 'core/deep/folder-with-a-long-name'}/file-${i % 7}.c`,
      name: `handle_${i}`,
      language: 'c',
      startLine: 10 * i + 1,
      endLine: 10 * i + 7,
      score: 0.99 - i / 100,
      band: i < 40 ? 'vulnerable' : 'uncertain',
      truncated: i % 11 === 0,
      ...(i < 6 ? { code, nearest, lineScores: [0, 0.1, 2, 0.4, 0.1, 1.2, 0] } : {}),
    });
  });
  const base = report({ findings });
  return {
    ...base,
    threshold: 0.595,
    counts: { ...base.counts, functions: 1234, safe: 1170, files: 88, known: 4 },
    suppressed: [
      finding({ suppression: { reason: 'checked', author: 'Ann', until: '2999-01-31', line: 2 } }),
    ],
    noticed: [{ reason: 'test code' as const, count: 41, examples: ['test/a.c', 'test/b.c'] }],
  };
}

beforeAll(async () => {
  browser = await launchBrowser();
  const folder = mkdtempSync(join(tmpdir(), 'vultune-browser-'));
  const runs = [];
  for (let seed = 0; seed < 30; seed++) {
    runs.push(await collectRun(fakeRun({ functions: 40, seed, lift: seed / 60 }), { name: `sweep/${seed}` }));
  }
  const pairs = Array.from({ length: 12 }, (_, i) => [
    {
      code: `int f${i}(char *s) {\n  char b[8];\n  strcpy(b, s);\n  return b[0];\n}`,
      target: 1,
      set: 'P1',
      pair: `p${i}`,
      language: 'c',
      cwe: ['CWE-120'],
      project: 'a',
    },
    {
      code: `int f${i}(char *s) {\n  char b[8];\n  strncpy(b, s, 7);\n  b[7] = 0;\n  return b[0];\n}`,
      target: 0,
      set: 'P2',
      pair: `p${i}`,
      language: 'c',
      cwe: ['CWE-120'],
      project: 'a',
    },
  ]).flat();
  const placed = pairs.map((record, i) => ({
    record: record as never,
    file: 'train.jsonl',
    line: i + 1,
    part: 'train',
  }));
  const pages = {
    run: runReportPage(await collectRun(fakeRun({ functions: 400, steps: 120 }))),
    'run-begun': runReportPage(await collectRun(fakeRun({ epochs: 0, steps: 3, ending: 'running' }))),
    comparison: comparisonPage(runs),
    dataset: datasetReportPage(await collectStatistics(placed, { name: 'pairs' })),
    'dataset-empty': datasetReportPage(await collectStatistics([], { name: 'empty' })),
    scan: htmlReport(scanned()),
    'scan-empty': htmlReport(report({ findings: [] })),
    experiment: experiment(),
  };
  for (const [name, text] of Object.entries(pages)) {
    const path = join(folder, `${name}.html`);
    writeFileSync(path, text);
    addresses.set(name, pathToFileURL(path).href);
  }
});

afterAll(async () => {
  await browser.close();
});

describe.each([
  'run',
  'run-begun',
  'comparison',
  'dataset',
  'dataset-empty',
  'scan',
  'scan-empty',
  'experiment',
])('%s', (name) => {
  test.each(Object.keys(LOOKS) as Look[])('%s', async (look) => {
    const { page, complaints, requests } = await openPage(browser, addresses.get(name)!, look);
    await screenshot(page, `${name}-${look}`);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(LOOKS[look].width);
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.context().close();
  });
});

test('the slider moves the confusion matrix, by keyboard too', async () => {
  const { page } = await openPage(browser, addresses.get('run')!, 'light');
  const cells = async () =>
    Promise.all(
      ['tp', 'fn', 'fp', 'tn'].map(async (id) => Number(await page.textContent(`[data-cell=${id}]`))),
    );
  const before = await cells();
  await page.focus('#threshold-range');
  await page.keyboard.press('Home');
  const [tp, fn, fp, tn] = await cells();
  expect([fn, tn]).toEqual([0, 0]);
  expect([tp! + fn!, fp! + tn!]).toEqual([before[0]! + before[1]!, before[2]! + before[3]!]);
  await page.context().close();
});

test('headings sort a table', async () => {
  const { page } = await openPage(browser, addresses.get('comparison')!, 'light');
  await page.click('#runs th:has-text("Run") button');
  await page.click('#runs th:has-text("ROC AUC") button');
  await page.click('#runs th:has-text("ROC AUC") button');
  const values = await page.$$eval('#runs tbody tr', (rows) =>
    rows.map((row) =>
      Number.parseFloat((row as unknown as { cells: { textContent: string }[] }).cells[3]!.textContent),
    ),
  );
  expect(values).toEqual([...values].sort((a, b) => a - b));
  await page.context().close();
});

describe('findings of a scan', () => {
  const shown = async (page: Page) =>
    await page.$$eval('#findings tbody tr', (rows) =>
      rows
        .filter((row) => !(row as unknown as { hidden: boolean }).hidden)
        .map((row) => (row as unknown as { innerText: string }).innerText),
    );
  const state = async (page: Page) => await page.textContent('[data-filter-state=findings]');

  test('are filtered by band, file and what they look like, rows and code alike', async () => {
    const { page, complaints } = await openPage(browser, addresses.get('scan')!, 'light');
    expect(await state(page)).toBe('All 60 findings are shown.');
    await page.selectOption('select[name=band]', 'uncertain');
    expect(await shown(page)).toHaveLength(20);
    expect(await page.isVisible('#code-1')).toBe(false);
    await page.fill('input[name=file]', 'SRC/NET');
    const rows = await shown(page);
    expect(rows.length).toBeLessThan(20);
    expect(rows.every((row) => row.includes('src/net/') && row.includes('uncertain'))).toBe(true);
    expect(await state(page)).toBe(`${rows.length} of 60 findings are shown.`);
    await page.click('button[type=reset]');
    await expect.poll(() => shown(page)).toHaveLength(60);
    expect(await page.isVisible('#code-1')).toBe(true);
    await page.selectOption('select[name=similar]', 'CWE-79');
    expect(await shown(page)).toHaveLength(3);
    expect(await page.isVisible('#code-1')).toBe(false);
    expect(await page.isVisible('#code-2')).toBe(true);
    await screenshot(page, 'scan-filtered');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('by keyboard alone: filter, back, sort, go to the code', async () => {
    const { page } = await openPage(browser, addresses.get('scan')!, 'light');
    await page.focus('select[name=band]');
    await page.keyboard.press('Tab');
    await page.keyboard.type('net');
    await expect.poll(() => shown(page)).toHaveLength(20);
    await page.keyboard.press('Escape');
    await expect.poll(() => shown(page)).toHaveLength(60);
    await page.focus('#findings th:has-text("Score") button');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect((await shown(page))[0]).toContain('handle_59');
    await page.focus('#findings a[href="#code-2"]');
    await page.keyboard.press('Enter');
    // The page goes there in a turn of its own.
    await expect.poll(() => page.evaluate<string>('location.hash')).toBe('#code-2');
    await page.context().close();
  });

  test('on paper: no controls, what is filtered out stays out, and it is said', async () => {
    const { page } = await openPage(browser, addresses.get('scan')!, 'dark');
    await page.selectOption('select[name=band]', 'uncertain');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.isVisible('form.filter')).toBe(false);
    expect(await page.isVisible('[data-filter-state=findings]')).toBe(true);
    expect(await shown(page)).toHaveLength(20);
    await screenshot(page, 'scan-print');
    await page.context().close();
  });

  test('without scripts all are there, and no control that does nothing', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(addresses.get('scan')!);
    expect(await page.isVisible('form.filter')).toBe(false);
    expect(await page.isVisible('#code-6')).toBe(true);
    expect(await page.isVisible('text=handle_59')).toBe(true);
    await context.close();
  });
});

test('without scripts the page says as much', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(addresses.get('run')!);
  expect(await page.textContent('[data-cell=tp]')).toMatch(/^\d+$/);
  await context.close();
});

test('on paper: no contents bar, light, within the sheet', async () => {
  const { page } = await openPage(browser, addresses.get('run')!, 'dark');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await page.isVisible('nav.contents')).toBe(false);
  const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  expect(background).toBe('rgb(255, 255, 255)');
  await screenshot(page, 'run-print');
  await page.context().close();
});
