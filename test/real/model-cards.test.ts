/**
 * @file The Python in a model card, run as it stands: an adapter trained here on a tiny model of each family has the
 * scores in Transformers + PEFT that `predict` gives. Needs the environment of `node tools/python-env.mjs`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { predict } from '../../src/index.ts';
import { FAMILY_NAMES } from '../../src/model/families/registry.ts';
import { ANSWERING, FUNCTION_TEXTS as CODES, trainedFamily } from '../support/trained-family.ts';

const project = resolve(import.meta.dirname, '../..');
const python = join(
  project,
  '.venv',
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);
const hasPython = existsSync(python);
if (!hasPython) console.warn(`skipped: ${python} is missing (node tools/python-env.mjs makes it)`);

const root = mkdtempSync(join(tmpdir(), 'vultune-cards-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Its code is published with the model, which a fixture has no copy of. */
const NOT_IN_TRANSFORMERS = ['chatglm'];

test.skipIf(!hasPython).each(FAMILY_NAMES.filter((family) => !NOT_IN_TRANSFORMERS.includes(family)))(
  '%s',
  async (family) => {
    const { run, data } = await trainedFamily(join(root, family), family);
    const ours = (await predict({ run, data })).map(({ raw_score, score }) => raw_score ?? score);
    const theirs = runCard(join(run, 'adapter'));
    expect(theirs).toHaveLength(CODES.length);
    theirs.forEach((score, i) => {
      expect(score).toBeCloseTo(ours[i]!, 5);
    });
    // Scores that are all alike would prove nothing.
    expect(Math.max(...ours) - Math.min(...ours)).toBeGreaterThan(0.01);
  },
);

/** A tied head, one with a bias, and one behind a chat template. */
test.skipIf(!hasPython).each([
  ['gpt2', 'next_token'],
  ['phi', 'next_token'],
  ['llama', 'instruct'],
] as const)(
  '%s, task: %s',
  async (family, task) => {
    const { run, data } = await trainedFamily(join(root, `${family}-${task}`), family, ANSWERING[task]);
    const ours = (await predict({ run, data, blend: 'off' })).map(
      ({ raw_score, score }) => raw_score ?? score,
    );
    const theirs = runCard(join(run, 'adapter'));
    expect(theirs).toHaveLength(CODES.length);
    theirs.forEach((score, i) => {
      expect(score).toBeCloseTo(ours[i]!, 5);
    });
    expect(Math.max(...ours) - Math.min(...ours)).toBeGreaterThan(1e-3);
  },
  600_000,
);

/** The scores of the codes by the card's own `score`. */
function runCard(adapter: string): number[] {
  const card = readFileSync(join(adapter, 'README.md'), 'utf8');
  const lines = /```python\n([\s\S]*?)\n```/.exec(card)![1]!;
  const more = `\nimport json\nprint(json.dumps([score(code) for code in ${JSON.stringify(CODES)}]))\n`;
  const { status, stdout, stderr } = spawnSync(python, ['-c', lines + more], {
    cwd: adapter,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}
