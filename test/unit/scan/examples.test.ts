import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ScanRequest, scanCommand } from '../../../src/cli/commands/scan.ts';
import { cliCase } from '../../support/cli-case.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../../examples');
const read = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');

/** Whether the command line is understood, and as what. */
async function asked(argv: readonly string[]): Promise<ScanRequest> {
  const requests: ScanRequest[] = [];
  const command = scanCommand(async (request) => void requests.push(request));
  const { exitCode, stderr } = await cliCase([command], argv);
  expect([exitCode, stderr]).toEqual([0, '']);
  return requests[0]!;
}

const words = (line: string) => line.match(/"[^"]*"|\S+/g)!.map((word) => word.replace(/^"|"$/g, ''));

describe('the examples', () => {
  test('every command line in them is one', async () => {
    const workflow = parse(read('ci-scan.yml')) as { jobs: { scan: { steps: { run?: string }[] } } };
    const runs = workflow.jobs.scan.steps
      .map(({ run }) => run ?? '')
      .filter((run) => run.startsWith('vultune '));
    expect(runs).toHaveLength(2);
    const requests = await Promise.all(runs.map(async (run) => await asked(words(run).slice(1))));
    expect(requests).toMatchObject([{ format: 'github' }, { format: 'sarif', output: 'vultune.sarif' }]);

    const hook = parse(read('pre-commit-config.yaml')) as { repos: { hooks: { entry: string }[] }[] };
    const entry = words(hook.repos[0]!.hooks[0]!.entry).slice(1);
    expect(await asked([...entry, 'a.js', 'b.py'])).toMatchObject({ diff: 'HEAD', paths: ['a.js', 'b.py'] });

    const script = /vultune (scan .* --)$/m.exec(read('pre-commit.sh'))![1]!;
    expect(await asked([...words(script), 'a.js'])).toMatchObject({ diff: 'HEAD', paths: ['a.js'] });

    const { tasks } = JSON.parse(read('editor/tasks.json')) as { tasks: { args: string[] }[] };
    expect(await asked(tasks[0]!.args)).toMatchObject({ failOn: 'none' });
  });

  test('every file is in the list of them', () => {
    const readme = `${read('README.md')}${read('cluster/README.md')}`;
    const names = readdirSync(EXAMPLES, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'README.md')
      .map((entry) => entry.name);
    expect(names.filter((name) => !readme.includes(`${name})`))).toEqual([]);
  });
});
