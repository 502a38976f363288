/**
 * @file The same plan on one process and on two (gloo), killed and resumed, on shards, by both engines in turn; and what is refused.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine } from '../../src/clusters/launcher.ts';
import { evaluate } from '../../src/index.ts';
import { readEvents } from '../../src/runs/event-log.ts';
import { withoutLostSteps } from '../../src/runs/events.ts';
import type { WorkflowContext } from '../../src/workflows/context.ts';
import { planForClusters } from '../../src/workflows/torch/plan-for-clusters.ts';
import { resumeTraining } from '../../src/workflows/train/resume.ts';
import { freePort } from '../support/free-port.ts';
import {
  differenceOf,
  ONE_THREAD,
  parameterDifference,
  pythonWithTorch,
  tinyTraining,
  trainInTorch,
  trainOwn,
} from '../support/torch-training.ts';

const found = pythonWithTorch();
const python = found ?? '';
const withPython = describe.skipIf(found === undefined);

const folder = mkdtempSync(join(tmpdir(), 'vultune-ranks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const env = { ...process.env, ...ONE_THREAD };
let request: Awaited<ReturnType<typeof tinyTraining>>;

const commandOf = (run: string, processes: number, more: readonly string[] = [], plan = 'plan') =>
  commandLine({
    launcher: 'local',
    python,
    processes,
    launcherArgs: [],
    runner: [at(`${plan}/run_plan.py`), at(plan), at(run), '--threads', '1', ...more],
  });

function run(name: string, processes: number, more: readonly string[] = [], plan = 'plan') {
  const [program, ...args] = commandOf(name, processes, more, plan);
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  return { status, stderr };
}

beforeAll(async () => {
  if (found === undefined) return;
  request = await tinyTraining(folder, 'llama', { max_steps: 30, save_steps: 1 });
  await planForClusters(await request('plan-run'), at('plan'));
  expect(run('one', 1)).toMatchObject({ status: 0 });
}, 600_000);

/** A context whose signal comes at a step of the progress. */
function stoppedAt(step: number): Pick<WorkflowContext, 'signal' | 'report'> {
  const signal = new AbortController();
  const task = {
    update: ({ done }: { readonly done: number }) => {
      if (done >= step) signal.abort();
    },
    log: () => {},
    stop: () => {},
  };
  return { signal: signal.signal, report: { note: () => {}, warn: () => {}, task: () => task } };
}

withPython('a plan on several ranks', () => {
  test('two processes take the steps of one', async () => {
    expect(run('two', 2)).toMatchObject({ status: 0 });
    const { steps, loss, adapter } = await differenceOf(at('one'), at('two'));
    expect(steps).toEqual([30, 30]);
    expect(loss).toBeLessThan(1e-6);
    expect(adapter).toBeLessThan(1e-6);
  });

  test('so do two that each hold a part of the model (FSDP2)', async () => {
    expect(run('sharded', 2, ['--strategy', 'fsdp2'])).toMatchObject({ status: 0 });
    const { loss, adapter } = await differenceOf(at('one'), at('sharded'));
    expect(loss).toBeLessThan(1e-5);
    expect(adapter).toBeLessThan(1e-5);
  });

  test('in bfloat16, with the adapter in float32, losses are those of float32 to its rounding', async () => {
    expect(run('bf16', 1, ['--dtype', 'bf16'])).toMatchObject({ status: 0 });
    const { steps, loss } = await differenceOf(at('one'), at('bf16'));
    expect(steps).toEqual([30, 30]);
    expect(loss).toBeGreaterThan(0);
    expect(loss).toBeLessThan(0.05);
  });

  test("the benchmark's worker takes its steps by the runner's own loop", () => {
    const worker = resolve(import.meta.dirname, '../../bench/training/plan_worker.py');
    const args = [worker, '--plan', at('plan'), '--dtype', 'float32', '--seconds', '0', '--threads', '1'];
    const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', env });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ batches: 2, threads: 1 });
  });

  test('killed on two ranks, resumed on one: the same steps', async () => {
    const [program, ...args] = commandOf('killed', 2);
    const child = spawn(program, args, { env, stdio: 'ignore', detached: true });
    const last = () => readEvents(at('killed/events.jsonl')).findLast(({ type }) => type === 'checkpoint');
    while ((last() as { step?: number } | undefined)?.step === undefined) await sleep(50);
    process.kill(-child.pid!, 'SIGKILL');
    await new Promise((done) => child.on('close', done));
    expect(run('killed', 1)).toMatchObject({ status: 0 });
    const events = withoutLostSteps(readEvents(at('killed/events.jsonl')));
    expect(events.some(({ type }) => type === 'resumed')).toBe(true);
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    const expected = readEvents(at('one/events.jsonl')).flatMap((event) =>
      event.type === 'step' ? [event] : [],
    );
    expect(steps.map(({ step }) => step)).toEqual(expected.map(({ step }) => step));
    for (const [i, { lossNats }] of steps.entries()) expect(lossNats).toBeCloseTo(expected[i]!.lossNats, 6);
  });

  test('a rank that is lost: the first one says so, with a checkpoint of all steps that were done', async () => {
    const long = await tinyTraining(at('long'), 'llama', { num_train_epochs: 40, eval_strategy: 'no' });
    await planForClusters(await long('run'), at('long-plan'));
    const port = `${await freePort()}`;
    const started = [0, 1].map((rank) => {
      const where = { RANK: `${rank}`, WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: port };
      const [program, ...args] = commandOf('lost', 1, [], 'long-plan');
      return spawn(program, args, { env: { ...env, ...where }, stdio: ['ignore', 'ignore', 'pipe'] });
    });
    let said = '';
    started[0]!.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = new Promise<number | null>((done) => started[0]!.on('close', done));
    const steps = () => readEvents(at('lost/events.jsonl')).filter(({ type }) => type === 'step').length;
    while (steps() < 3) await sleep(50);
    started[1]!.kill('SIGKILL');
    expect(await ended).toBe(2);
    expect(said).toContain('error TORCH_RANK_LOST');
    const saved = readEvents(at('lost/events.jsonl')).findLast(({ type }) => type === 'checkpoint');
    expect(saved).toMatchObject({ step: steps() });
  });

  test('what came back from a cluster is evaluated here, and its adapter opened', async () => {
    cpSync(at('one'), at('back'), { recursive: true });
    const { status } = await resumeTraining({ run: at('back') });
    expect(status).toBe('finished');
    expect(existsSync(at('back/metrics.json'))).toBe(true);
    const evaluations = readEvents(at('back/events.jsonl')).filter(({ type }) => type === 'evaluation');
    expect(evaluations).toHaveLength(6);
    expect(
      await evaluate({ runs: [at('back')], data: at('valid.jsonl'), allowContamination: true }),
    ).toBeDefined();
  });

  test('a run that PyTorch began is gone on with by the own engine', async () => {
    const own = await request('own');
    await trainOwn(own);
    const short = await tinyTraining(at('short'), 'llama', { max_steps: 30, save_steps: 1 });
    const result = await trainInTorch(await short('run'), { python }, stoppedAt(10));
    expect(result.status).toBe('interrupted');
    expect((await resumeTraining({ run: at('short/run') })).status).toBe('finished');
    const { loss, adapter } = await differenceOf(at('own'), at('short/run'));
    expect(loss).toBeLessThan(1e-4);
    expect(adapter).toBeLessThan(1e-4);
  });

  test('a run that the own engine began is gone on with by PyTorch, and then by the own engine again', async () => {
    const begun = await tinyTraining(at('begun'), 'llama', { max_steps: 30, save_steps: 1 });
    const dir = at('begun/run');
    expect((await trainOwn(await begun('run'), stoppedAt(10))).status).toBe('interrupted');
    expect((await resumeTraining({ run: dir, torch: { python } }, stoppedAt(20))).status).toBe('interrupted');
    expect((await resumeTraining({ run: dir })).status).toBe('finished');
    const { steps, loss, adapter } = await differenceOf(at('one'), dir);
    expect(steps).toEqual([30, 30]);
    expect(loss).toBeLessThan(1e-4);
    expect(adapter).toBeLessThan(1e-4);
    const events = withoutLostSteps(readEvents(join(dir, 'events.jsonl')));
    expect(events.flatMap((event) => (event.type === 'evaluation' ? [event.step] : []))).toHaveLength(6);
  });
});

withPython('early stopping', () => {
  const endOf = (run: string) => {
    const events = withoutLostSteps(readEvents(at(`${run}/events.jsonl`)));
    const finished = events.findLast((event) => event.type === 'finished')!;
    return {
      steps: events.filter(({ type }) => type === 'step').length,
      evaluations: events.flatMap((event) => (event.type === 'evaluation' ? [event.step] : [])),
      reason: finished.reason,
      step: finished.step,
      bestStep: finished.bestStep,
    };
  };
  const adapterOf = (run: string) => at(`${run}/adapter/adapter_model.safetensors`);

  test('a run stops, and a plan that ran to its end keeps the same adapter', async () => {
    const asked = await tinyTraining(at('early'), 'llama', {
      num_train_epochs: 30,
      early_stopping_patience: 2,
      eval_strategy: 'steps',
      eval_steps: 4,
      cwe_head: true,
      cwe_min_examples: 4,
    });
    await trainOwn(await asked('own'));
    const own = endOf('early/own');
    expect(own).toMatchObject({ reason: 'early_stopping' });
    expect(own.step).toBeLessThan(100);
    const result = await trainInTorch(await asked('torch'), { python });
    expect(result.status).toBe('finished');
    expect(endOf('early/torch')).toEqual(own);
    const taken = readEvents(at('early/torch/events.jsonl')).filter(({ type }) => type === 'step');
    expect(taken.length).toBeLessThan(150);
    expect(await parameterDifference(adapterOf('early/own'), adapterOf('early/torch'))).toBeLessThan(1e-4);

    await planForClusters(await asked('run'), at('early/plan'));
    expect(run('early/whole', 1, [], 'early/plan')).toMatchObject({ status: 0 });
    expect((await resumeTraining({ run: at('early/whole') })).status).toBe('finished');
    expect(endOf('early/whole')).toEqual(own);
    expect(await parameterDifference(adapterOf('early/own'), adapterOf('early/whole'))).toBeLessThan(1e-4);

    // Taken over in the middle, what the own engine evaluated counts.
    const begun = await trainOwn(await asked('begun'), stoppedAt(own.step - 2));
    expect(begun.status).toBe('interrupted');
    expect((await resumeTraining({ run: at('early/begun'), torch: { python } })).status).toBe('finished');
    expect(endOf('early/begun')).toEqual(own);
    expect(await parameterDifference(adapterOf('early/own'), adapterOf('early/begun'))).toBeLessThan(1e-4);
  });
});

withPython('what is refused', () => {
  test('a checkpoint of another plan', async () => {
    const other = await tinyTraining(at('other'), 'llama', { max_steps: 30, seed: 7 });
    await planForClusters(await other('run'), at('other-plan'));
    const { status, stderr } = run('one', 1, [], 'other-plan');
    expect(status).toBe(2);
    expect(stderr).toContain('error TORCH_CHECKPOINT_OTHER');
  });

  test('a plan of another version, and one of which a file was changed', () => {
    cpSync(at('plan'), at('newer'), { recursive: true });
    const text = readFileSync(at('newer/plan.json'), 'utf8');
    writeFileSync(at('newer/plan.json'), text.replace('"formatVersion":3', '"formatVersion":4'));
    expect(run('x', 1, [], 'newer').stderr).toContain('error TORCH_PLAN_VERSION');
    cpSync(at('plan'), at('changed'), { recursive: true });
    writeFileSync(at('changed/start/vultune.json'), '{}');
    expect(run('x', 1, [], 'changed').stderr).toContain('error TORCH_PLAN_BROKEN');
  });

  test('ranks with different plans', () => {
    cpSync(at('plan'), at('mixed'), { recursive: true });
    const text = readFileSync(at('mixed/plan.json'), 'utf8');
    writeFileSync(at('mixed/plan.json'), `${text} `);
    writeFileSync(
      at('rank.py'),
      `import os, sys\nsys.path.insert(0, ${JSON.stringify(at('plan'))})\nfrom vultune_torch.command import run\n` +
        `sys.exit(run([${JSON.stringify(folder)} + ('/plan' if os.environ['RANK'] == '0' else '/mixed'), ${JSON.stringify(at('x'))}, '--threads', '1']))\n`,
    );
    const args = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2', at('rank.py')];
    const { stderr } = spawnSync(python, args, { encoding: 'utf8', env });
    expect(stderr).toContain('error TORCH_RANKS_DISAGREE');
  });

  test("a mask that lets functions see each other; and the runner's other tests", () => {
    const tests = resolve(import.meta.dirname, '../../python/tests');
    const { status, stderr } = spawnSync(python, ['-m', 'unittest', 'discover', '-s', tests], {
      encoding: 'utf8',
      env: { ...env, VULTUNE_TEST_PLAN: at('plan') },
      cwd: dirname(tests),
    });
    expect(stderr).not.toContain('skipped');
    expect(status, stderr).toBe(0);
  });
});
