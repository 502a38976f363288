/** @file examples/cluster: shell scripts parse, YAML has the fields that its tool wants, and every one runs the plan's run_plan.py. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from '../../../src/schema/zod.ts';

const folder = resolve(import.meta.dirname, '../../../examples/cluster');
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
const files = readdirSync(folder).filter((name) => name !== 'README.md');

describe('examples/cluster', () => {
  test.each(files)('%s gives run_plan.py its plan and its run folder', (name) => {
    expect(text(name)).toMatch(
      /run_plan\.py"?\s+(?:"\$PLAN"|\/data\/plan)\s+(?:"\$RUN"|\/data\/run|\/run\/vultune)/,
    );
  });

  test.each(files)('README.md names %s', (name) => {
    expect(text('README.md')).toContain(`](${name})`);
  });

  test.each(files.filter((name) => !name.endsWith('.yaml')))('%s is a shell script that parses', (name) => {
    const { status, stderr } = spawnSync('bash', ['-n', join(folder, name)], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });

  test('torchrun.sh meets other machines, or stands alone', () => {
    // pip and torchrun only print what they are asked.
    const dry = (env: Record<string, string>) =>
      spawnSync(
        'bash',
        ['-c', `pip() { :; }; torchrun() { echo "$@"; }; export -f pip torchrun; bash ${folder}/torchrun.sh`],
        {
          encoding: 'utf8',
          env: { ...process.env, ...env },
        },
      ).stdout.trim();
    expect(dry({ GPUS: '2' })).toBe('--standalone --nproc-per-node 2 plan/run_plan.py plan run');
    expect(dry({ NODES: '2', NODE: '1', FIRST: 'a' })).toMatch(/^--nnodes 2 --node-rank 1 --master-addr a /);
  });

  test('slurm.sbatch asks for a signal before the end, and to be queued again', () => {
    const options = text('slurm.sbatch').match(/^#SBATCH --.*$/gm) ?? [];
    expect(options.every((line) => /^#SBATCH --[a-z-]+(=\S+)?$/.test(line))).toBe(true);
    expect(options.join(' ')).toMatch(/--signal=TERM@120.*--requeue/);
  });

  test('trainjob.yaml is a TrainJob whose claim is mounted where it reads', () => {
    const schema = z.strictObject({
      apiVersion: z.literal('trainer.kubeflow.org/v1alpha1'),
      kind: z.literal('TrainJob'),
      metadata: z.strictObject({ name: z.string() }),
      spec: z.strictObject({
        runtimeRef: z.strictObject({ name: z.string() }),
        trainer: z.strictObject({
          image: z.string(),
          numNodes: z.int(),
          command: z.array(z.string()),
          args: z.array(z.string()),
          resourcesPerNode: z.record(z.string(), z.record(z.string(), z.int())),
        }),
        runtimePatches: z.array(z.object({ manager: z.string(), trainingRuntimeSpec: z.object({}) })),
      }),
    });
    schema.parse(parse(text('trainjob.yaml')));
    expect(text('trainjob.yaml')).toContain('mountPath: /data');
  });

  test('sky.yaml is a task of SkyPilot', () => {
    const schema = z.strictObject({
      name: z.string(),
      num_nodes: z.int(),
      resources: z.strictObject({ accelerators: z.string().regex(/^\w+:\d+$/), use_spot: z.boolean() }),
      file_mounts: z.record(
        z.string().startsWith('/'),
        z.strictObject({
          name: z.string(),
          source: z.string(),
          mode: z.enum(['MOUNT', 'COPY', 'MOUNT_CACHED']),
        }),
      ),
      setup: z.string(),
      run: z.string(),
    });
    expect(() => schema.parse(parse(text('sky.yaml')))).not.toThrow();
  });
});
