import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveCommand } from '../../../src/cli/commands/serve.ts';
import { runServeScan } from '../../../src/cli/serve/run-serve.ts';
import { cliCase } from '../../support/cli-case.ts';
import { freePort } from '../../support/free-port.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-serve-scan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function untilItRuns(url: string): Promise<Response> {
  for (;;) {
    const response = await fetch(`${url}/v1/health`).catch(() => undefined);
    if (response !== undefined) return response;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('serve --scan scores functions with a fine-tuned model until it is stopped', async () => {
  const run = await writeTinyRun(folder, { settings: { threshold: 0.25 } });
  const port = await freePort();
  const controller = new AbortController();
  const noDashboard = async () => await Promise.reject(new Error('the dashboard was started'));
  const argv = ['serve', '--scan', run, '--port', String(port), '--num-threads', '1'];
  const ended = cliCase([serveCommand(noDashboard, runServeScan)], argv, { signal: controller.signal });

  const url = `http://127.0.0.1:${port}`;
  expect(await (await untilItRuns(url)).json()).toMatchObject({ status: 'ok', threshold: 0.25 });
  const response = await fetch(`${url}/v1/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ functions: [{ code: 'f()' }, { code: 'x'.repeat(100) }] }),
  });
  const { functions } = (await response.json()) as { functions: { score: number; truncated: boolean }[] };
  expect(functions.map(({ truncated }) => truncated)).toEqual([false, true]);
  for (const { score } of functions) expect(score > 0 && score < 1).toBe(true);

  controller.abort();
  const { exitCode, stdout, stderr } = await ended;
  expect([exitCode, stdout]).toEqual([130, `${url}/\n`]);
  expect(stderr).toContain('/openapi.json');
});
