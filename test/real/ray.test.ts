/**
 * @file A Ray cluster of this machine alone, started and stopped here: a plan submitted as a job, by the example and by the launcher,
 * gives the run folder of torchrun.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandLine } from '../../src/clusters/launcher.ts';
import { readEvents } from '../../src/runs/event-log.ts';
import { planForClusters } from '../../src/workflows/torch/plan-for-clusters.ts';
import { freePort } from '../support/free-port.ts';
import {
  differenceOf,
  ONE_THREAD,
  pythonWithRay,
  tinyTraining,
  trainInTorch,
} from '../support/torch-training.ts';

const found = pythonWithRay();
const python = found ?? '';
const ray = join(dirname(python), 'ray');
const example = resolve(import.meta.dirname, '../../examples/cluster/ray-job.sh');

// A path of a socket has no more than 107 characters.
const folder = mkdtempSync(join(tmpdir(), 'vr-'));
const at = (name: string) => join(folder, name);
let head: ChildProcess | undefined;
let address = '';

beforeAll(async () => {
  if (found === undefined) return;
  for (const [name, value] of Object.entries({
    ...ONE_THREAD,
    PATH: `${dirname(python)}:${process.env.PATH}`,
    RAY_AUTH_MODE: 'token',
    RAY_AUTH_TOKEN: randomBytes(32).toString('hex'),
  })) {
    vi.stubEnv(name, value);
  }
  const request = await tinyTraining(folder, 'llama', { max_steps: 30 });
  await planForClusters(await request('plan-run'), at('plan'));
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  const options = ['--num-cpus', '2', '--object-store-memory', '100000000', '--temp-dir', at('ray')];
  const ports = ['--port', `${await freePort()}`, '--dashboard-port', `${port}`];
  // In the foreground: with it, all that it started ends, and no other cluster of this machine.
  const args = ['start', '--head', '--block', '--disable-usage-stats', ...options, ...ports];
  head = spawn(ray, args, { stdio: 'ignore' });
  while (spawnSync(ray, ['job', 'list', '--address', address]).status !== 0) {
    if (head.exitCode !== null) throw new Error('ray start --head --block ended');
    await sleep(1000);
  }
}, 900_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  if (head !== undefined && head.exitCode === null) {
    const ended = new Promise((done) => head!.on('close', done));
    head.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

const adapterOf = (run: string) => readFileSync(join(run, 'adapter/adapter_model.safetensors'));
const lossesOf = (run: string) =>
  readEvents(join(run, 'events.jsonl')).flatMap((event) => (event.type === 'step' ? [event.lossNats] : []));

describe.skipIf(found === undefined)('a plan as a job of Ray', () => {
  test("examples/cluster/ray-job.sh leaves torchrun's run folder: the same adapter bytes, the same losses", () => {
    const [program, ...args] = commandLine({
      launcher: 'torchrun',
      python,
      processes: 1,
      launcherArgs: [],
      runner: [at('plan/run_plan.py'), at('plan'), at('torchrun'), '--threads', '1'],
    });
    const direct = spawnSync(program, args, { encoding: 'utf8' });
    expect(direct.status, direct.stderr).toBe(0);
    const where = { PLAN: at('plan'), RUN: at('ray-run'), RAY_API_SERVER_ADDRESS: address };
    const job = spawnSync('bash', [example, '--threads', '1'], {
      encoding: 'utf8',
      env: { ...process.env, ...where },
    });
    expect(job.status, job.stdout + job.stderr).toBe(0);
    expect(job.stdout).toContain('succeeded');
    expect(lossesOf(at('ray-run'))).toHaveLength(30);
    expect(lossesOf(at('ray-run'))).toEqual(lossesOf(at('torchrun')));
    expect(adapterOf(at('ray-run')).equals(adapterOf(at('torchrun')))).toBe(true);
  }, 1_200_000);

  test('--launcher ray submits it, follows it, and finishes the run here', async () => {
    const request = await tinyTraining(at('launched'), 'llama', { max_steps: 30 });
    const launcherArgs = ['--address', address];
    const result = await trainInTorch(await request('run'), { python, launcher: 'ray', launcherArgs });
    expect(result.status).toBe('finished');
    const { steps, loss, adapter } = await differenceOf(at('torchrun'), at('launched/run'));
    expect([steps, loss, adapter]).toEqual([[30, 30], 0, 0]);
  }, 1_200_000);
});
