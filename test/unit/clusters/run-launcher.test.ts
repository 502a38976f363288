import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failure, runLauncher } from '../../../src/clusters/run-launcher.ts';
import type { RunEvent } from '../../../src/runs/events.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-launcher-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const event = (step: number) => `{"timestampMs":1,"type":"interrupted","step":${step},"checkpoint":"c"}\n`;

/** A launcher that is a Node script: what it does with events.jsonl is the test's to say. */
async function launched(script: string, signal = new AbortController().signal) {
  const events = join(folder, 'events.jsonl');
  const seen: RunEvent[] = [];
  const lines: string[] = [];
  const file = join(folder, 'launcher.mjs');
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';\nconst events = ${JSON.stringify(events)};\n${script}`,
  );
  const end = await runLauncher({
    command: [process.execPath, file],
    events,
    onEvent: (one) => seen.push(one),
    onLine: (one) => lines.push(one),
    signal,
  });
  return { end, steps: seen.map((one) => ('step' in one ? one.step : -1)), lines };
}

describe('a launcher', () => {
  test('hands on the events that it appends, also the last; not those from before, nor half a line', async () => {
    appendFileSync(join(folder, 'events.jsonl'), event(1));
    const { end, steps, lines } = await launched(
      `appendFileSync(events, ${JSON.stringify(event(2) + event(3))} + '{"timest'); console.log('said');`,
    );
    expect([end, steps, lines]).toEqual(['finished', [2, 3], ['said']]);
  });

  test('what run_plan.py says becomes the error, wherever the launcher puts it', async () => {
    const script = `console.error('[rank0]: error TORCH_OUT_OF_MEMORY: no memory left\\n[rank0]: hint: lower tokens_per_batch'); process.exit(2);`;
    await expect(launched(script)).rejects.toMatchObject({
      code: 'TORCH_OUT_OF_MEMORY',
      message: 'no memory left',
      hint: 'lower tokens_per_batch',
    });
  });

  test('any other end shows the last lines; a kill is one', () => {
    expect(failure(['torchrun', 'a'], 'one\ntwo\n', 1)).toMatchObject({ code: 'TORCH_FAILED' });
    expect(failure(['torchrun', 'a'], 'one\ntwo\n', 1).message).toContain(
      'ended with exit code 1:\none\ntwo',
    );
    expect(failure(['torchrun'], '', null).message).toContain('was killed');
  });

  test('a program that is not there', async () => {
    const command = [join(folder, 'absent')] as const;
    const signal = new AbortController().signal;
    await expect(
      runLauncher({ command, events: join(folder, 'e'), onEvent: () => {}, signal }),
    ).rejects.toMatchObject({ code: 'TORCH_LAUNCHER_MISSING' });
  });

  test.each([
    ['stops the job, whatever its follower says of it', 0],
    ['fails, and the follower is ended', 1],
  ])('a program of its own %s', async (_, code) => {
    const controller = new AbortController();
    const isStopped = join(folder, 'stopped');
    // It follows a job until that is stopped.
    const follower = `import { existsSync } from 'node:fs';
      setInterval(() => existsSync(${JSON.stringify(isStopped)}) && process.exit(0), 20);`;
    const stopper = `import { writeFileSync } from 'node:fs';
      if (${code} === 0) writeFileSync(${JSON.stringify(isStopped)}, ''); process.exit(${code});`;
    writeFileSync(join(folder, 'follower.mjs'), follower);
    writeFileSync(join(folder, 'stopper.mjs'), stopper);
    const ended = runLauncher({
      command: [process.execPath, join(folder, 'follower.mjs')],
      stop: [process.execPath, join(folder, 'stopper.mjs')],
      events: join(folder, 'events.jsonl'),
      onEvent: () => {},
      signal: controller.signal,
    });
    controller.abort();
    expect(await ended).toBe('interrupted');
    expect(existsSync(isStopped)).toBe(code === 0);
  });

  test('is asked to stop by the signal, and its own end is awaited', async () => {
    const controller = new AbortController();
    const script = `process.on('SIGTERM', () => { appendFileSync(events, ${JSON.stringify(event(7))}); process.exit(130); });
      appendFileSync(events, ${JSON.stringify(event(6))}); setInterval(() => {}, 1000);`;
    const seen: number[] = [];
    const file = join(folder, 'launcher.mjs');
    const events = join(folder, 'events.jsonl');
    writeFileSync(
      file,
      `import { appendFileSync } from 'node:fs';\nconst events = ${JSON.stringify(events)};\n${script}`,
    );
    const end = await runLauncher({
      command: [process.execPath, file],
      events,
      onEvent: (one) => {
        if ('step' in one) seen.push(one.step);
        if (seen.length === 1) controller.abort();
      },
      signal: controller.signal,
    });
    expect([end, seen]).toEqual(['interrupted', [6, 7]]);
  });
});
