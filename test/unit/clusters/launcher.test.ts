import { describe, expect, test } from 'vitest';
import { commandLine, LAUNCHERS, type Launch, stopLine } from '../../../src/clusters/launcher.ts';

const launch: Launch = {
  launcher: 'local',
  python: '/venv/bin/python',
  processes: 1,
  launcherArgs: [],
  runner: ['/plan/run_plan.py', '/plan', '/run'],
};
const line = (changes: Partial<Launch>) => commandLine({ ...launch, ...changes }).join(' ');
const RUNNER = '/plan/run_plan.py /plan /run';
const TORCHRUN = '/venv/bin/python -m torch.distributed.run';

describe('the command line of a launcher', () => {
  test('one process is Python alone, more are started by torchrun', () => {
    expect(line({})).toBe(`/venv/bin/python ${RUNNER}`);
    expect(line({ processes: 2 })).toBe(`${TORCHRUN} --standalone --nproc-per-node=2 ${RUNNER}`);
  });

  test('torchrun stands alone until it is told of other machines', () => {
    expect(line({ launcher: 'torchrun' })).toBe(`${TORCHRUN} --standalone --nproc-per-node=1 ${RUNNER}`);
    expect(line({ launcher: 'torchrun', launcherArgs: ['--nnodes=2', '--rdzv-endpoint=a:1'] })).toBe(
      `${TORCHRUN} --nproc-per-node=1 --nnodes=2 --rdzv-endpoint=a:1 ${RUNNER}`,
    );
  });

  test('ray is the program beside the Python; its job starts torchrun where it wants several processes', () => {
    expect(line({ launcher: 'ray', launcherArgs: ['--address', 'http://a:8265'] })).toBe(
      `/venv/bin/ray job submit --address http://a:8265 -- /venv/bin/python ${RUNNER}`,
    );
    expect(line({ launcher: 'ray', processes: 2 })).toContain(`-- ${TORCHRUN} --standalone`);
  });

  test('a job of ray has a name, by which it is stopped on the same cluster; others end with their launcher', () => {
    const stopped = (changes: Partial<Launch>) => stopLine({ ...launch, ...changes })?.join(' ');
    const ray = { launcher: 'ray', job: 'j1', launcherArgs: ['--address', 'http://a:8265'] } as const;
    expect(line(ray)).toContain('ray job submit --submission-id j1 --address http://a:8265 -- ');
    expect(stopped(ray)).toBe('/venv/bin/ray job stop --address http://a:8265 j1');
    const named = { ...ray, launcherArgs: ['--submission-id=mine', '--no-wait'] };
    expect(line(named)).toContain('ray job submit --submission-id=mine --no-wait -- ');
    expect(stopped(named)).toBe('/venv/bin/ray job stop mine');
    for (const launcher of LAUNCHERS.filter((one) => one !== 'ray')) {
      expect(stopped({ launcher, job: 'j1' })).toBeUndefined();
    }
  });

  test('srun starts every process itself, accelerate and a command of the user take the rest of the line', () => {
    expect(line({ launcher: 'slurm', processes: 4, launcherArgs: ['--nodes=2'] })).toBe(
      `srun --ntasks-per-node=4 --nodes=2 /venv/bin/python ${RUNNER}`,
    );
    expect(line({ launcher: 'accelerate', launcherArgs: ['--mixed_precision', 'no'] })).toBe(
      `/venv/bin/python -m accelerate.commands.launch --num_processes 1 --mixed_precision no ${RUNNER}`,
    );
    expect(line({ launcher: 'command', launcherArgs: ['nice', '-n', '10'] })).toBe(
      `nice -n 10 /venv/bin/python ${RUNNER}`,
    );
  });

  test('every launcher runs the plan', () => {
    for (const launcher of LAUNCHERS) expect(line({ launcher }).endsWith(RUNNER)).toBe(true);
  });
});
