import { describe, expect, test } from 'vitest';
import { experimentCommand } from '../../../src/cli/commands/experiment.ts';
import { cliCase } from '../../support/cli-case.ts';

describe('what is asked of an experiment', () => {
  const asked: [string, unknown][] = [];
  const remember = (name: string) => async (request: unknown) => void asked.push([name, request]);
  const command = experimentCommand({
    list: remember('list'),
    show: remember('show'),
    run: remember('run'),
    status: remember('status'),
    table: remember('table'),
  });
  const run = async (line: string) => {
    asked.length = 0;
    const { exitCode, stderr } = await cliCase([command], ['experiment', ...line.split(' ')]);
    return { exitCode, stderr, asked: asked[0] };
  };
  const RUN = { runs: 'runs', dryRun: false, estimate: false, jobs: 1, allowEndpoint: false };

  test("without --engine it is Vultune's own, and operands are overrides", async () => {
    const { asked: request } = await run('run t lora_r=4');
    expect(request).toMatchObject(['run', { ...RUN, table: 't', overrides: ['lora_r=4'], torch: undefined }]);
  });

  test('--engine torch takes the options of train, and gives its launcher what stands behind --', async () => {
    const { asked: request } = await run(
      'run t lora_r=4 --engine torch --launcher torchrun --nproc-per-node 2 --dtype bf16 -- --nnodes=2',
    );
    const torch = { launcher: 'torchrun', processes: 2, dtype: 'bf16', launcherArgs: ['--nnodes=2'] };
    expect(request).toMatchObject(['run', { ...RUN, table: 't', overrides: ['lora_r=4'], torch }]);
  });

  test.each(['status', 'table'])('%s looks at the cells of the same engine', async (part) => {
    const { asked: request } = await run(`${part} t --engine torch --dtype float32`);
    expect(request).toMatchObject([part, { torch: { dtype: 'float32', launcherArgs: [] } }]);
  });

  test('an option of PyTorch without it is refused', async () => {
    const { exitCode, stderr, asked: request } = await run('run t --dtype bf16');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/found --dtype without --engine torch/);
    expect(request).toBeUndefined();
  });
});
