/** @file `vultune serve` in Chromium: a page follows a run while its log grows, and stays where the reader is. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDashboard } from '../../src/dashboard/server.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { fakeRun } from '../support/fake-run.ts';

test('a step that is written appears', async () => {
  const stop = new AbortController();
  const dir = fakeRun({ epochs: 0, steps: 4, ending: 'running' });
  const { address, closed } = await startDashboard({
    root: join(dir, '..'),
    host: '127.0.0.1',
    port: 0,
    signal: stop.signal,
  });
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await openPage(browser, address, 'light');
    await page.click('#runs a');
    await page.waitForSelector('#steps svg');
    expect(await page.textContent('.lead')).toContain('step 4 of 4');
    const step = {
      timestampMs: 1,
      type: 'step',
      step: 5,
      epoch: 1.2,
      lossNats: 0.1,
      learningRate: 1e-4,
      gradientNorm: 1,
      functions: 4,
      tokens: 10,
      paddingTokens: 0,
      durationMs: 5,
      memoryBytes: 1,
    };
    appendFileSync(join(dir, 'events.jsonl'), `${JSON.stringify(step)}\n`);
    await page.waitForSelector('.lead:has-text("step 5 of 4")');
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    stop.abort();
    await closed;
  }
});
