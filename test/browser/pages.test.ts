/** @file The pages in Chromium: nothing asked for, no sideways scrolling, accessible, the slider and tables work. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectStatistics } from '../../src/dataset/statistics/collect-statistics.ts';
import { datasetReportPage } from '../../src/report/dataset-report.ts';
import { collectRun } from '../../src/report/run/collect-run.ts';
import { comparisonPage } from '../../src/report/run/comparison-report.ts';
import { runReportPage } from '../../src/report/run/run-report.ts';
import {
  accessibilityViolations,
  LOOKS,
  type Look,
  launchBrowser,
  openPage,
  screenshot,
} from '../support/browser.ts';
import { fakeRun } from '../support/fake-run.ts';

let browser: Browser;
const addresses = new Map<string, string>();

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

describe.each(['run', 'run-begun', 'comparison', 'dataset', 'dataset-empty'])('%s', (name) => {
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
