import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { terminalReporter } from '../../../src/cli/display/terminal-reporter.ts';
import { type OpenModel, openModel } from '../../../src/network/open-model.ts';
import { explainMistakes, mistakeExplainer } from '../../../src/workflows/train/explain-mistakes.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

let folder: string;
let run: string;
let model: OpenModel;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-mistakes-'));
  run = await writeTinyRun(folder);
  model = await openModel(join(folder, 'base'));
});
afterEach(async () => {
  await model.checkpoint.close();
  rmSync(folder, { recursive: true });
});

const split = {
  records: [
    { code: 'right(a)', target: 1 as const },
    { code: 'alarm(a)\nb', target: 0 as const },
    { code: 'missed(a)\nb\nc', target: 1 as const },
  ],
  scores: [0.9, 0.8, 0.1],
};

async function explain(adapter: string, signal = new AbortController().signal): Promise<string> {
  const stderr = fakeTerminal({ env: {} });
  const context = { signal, report: terminalReporter(stderr) };
  const explainer = mistakeExplainer({ model, adapter, backend: await tinyBackend() }, context);
  await explainMistakes(join(run, 'predictions'), split, 0.5, explainer);
  return stderr.text();
}

const file = () => join(run, 'predictions', 'lines.json');

describe('the lines of the most certain mistakes', () => {
  test('of those alone, one score a line; the model stays open for who comes after', async () => {
    await explain(join(run, 'adapter'));
    const { functions } = JSON.parse(readFileSync(file(), 'utf8')) as {
      functions: Record<string, readonly number[]>;
    };
    expect(Object.values(functions).map(({ length }) => length)).toEqual([2, 3]);
    expect(Object.values(functions).flat().every(Number.isFinite)).toBe(true);
    await explain(join(run, 'adapter'));
  });

  test('a failure is said and costs the run nothing else', async () => {
    expect(await explain(join(run, 'nowhere'))).toMatch(/note: the report does not show the lines .*nowhere/);
    expect(existsSync(file())).toBe(false);
  });

  test('an interruption is not a failure: the run is left for a resume', async () => {
    await expect(explain(join(run, 'adapter'), AbortSignal.abort())).rejects.toThrow(/abort/);
    expect(existsSync(file())).toBe(false);
  });
});
