/** @file action.yml as GitHub reads it: a schema of its composite form, and its shell steps run as a runner runs them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from '../../src/schema/zod.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Names of inputs, outputs and steps. */
const name = /^[A-Za-z_][\w-]*$/;
const sentence = z.string().min(10);
const expression = z.string().regex(/^\$\{\{ [\w.-]+ \}\}$/);

const usesStep = z.strictObject({
  name: z.string().optional(),
  uses: z.string().regex(/^[\w.-]+\/[\w.-]+@v\d+$/),
  with: z.record(z.string(), z.string()).optional(),
});

const shellStep = z.strictObject({
  name: z.string(),
  id: z.string().regex(name).optional(),
  shell: z.literal('bash'),
  env: z.record(z.string().regex(/^[A-Z_]+$/), expression),
  run: z.string(),
});

/** What a composite action may hold, and the little of it that ours uses. */
const actionSchema = z.strictObject({
  name: z.string().min(1),
  description: sentence.max(125),
  inputs: z.record(
    z.string().regex(name),
    z.strictObject({ description: sentence, required: z.literal(false), default: z.string() }),
  ),
  outputs: z.record(z.string().regex(name), z.strictObject({ description: sentence, value: expression })),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(z.union([usesStep, shellStep])) }),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
});

export type ShellStep = z.output<typeof shellStep>;

export const readAction = () =>
  actionSchema.parse(parse(readFileSync(join(REPOSITORY, 'action.yml'), 'utf8')) as unknown);

export const shellSteps = (): readonly ShellStep[] => readAction().runs.steps.filter((step) => 'run' in step);

export interface StepOptions {
  readonly workspace: string;
  /** A checkout of the action's repository. */
  readonly actionPath: string;
  /** Those that the workflow gives. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface StepResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the step wrote to $GITHUB_OUTPUT. */
  readonly output: string;
}

/** Runs a step with its inputs, as `bash --noprofile --norc -eo pipefail SCRIPT`. */
export function runStep(step: ShellStep, options: StepOptions): StepResult {
  const { workspace, actionPath, inputs = {} } = options;
  const declared = readAction().inputs;
  const values = new Map([
    ['github.action_path', actionPath],
    ...Object.entries(declared).map(([key, { default: fallback }]) => [`inputs.${key}`, fallback] as const),
    ...Object.entries(inputs).map(([key, value]) => [`inputs.${key}`, value] as const),
  ]);
  const env = Object.entries(step.env).map(([key, value]) => [key, values.get(value.slice(4, -3))!] as const);
  const folder = join(workspace, '..', 'runner');
  mkdirSync(folder, { recursive: true });
  const [script, outputFile] = [join(folder, 'step.sh'), join(folder, 'output')];
  writeFileSync(script, step.run);
  writeFileSync(outputFile, '');
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
    cwd: workspace,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...options.env,
      ...Object.fromEntries(env),
      GITHUB_OUTPUT: outputFile,
      GITHUB_WORKSPACE: workspace,
    },
  });
  return { code: status, stdout, stderr, output: readFileSync(outputFile, 'utf8') };
}
