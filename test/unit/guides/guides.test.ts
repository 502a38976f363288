/** @file Every guide's commands as they are written, on the tiny model and a few functions. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestRepository } from '../../support/git-repository.ts';
import { guideText, runGuide, shellBlocks } from '../../support/guide.ts';
import { writeTinyBase, writeTinyRun } from '../../support/tiny-adapter.ts';
import { writeTinyTable } from '../../support/tiny-experiment.ts';

const GUIDES = resolve(import.meta.dirname, '../../../docs/guides');
const names = readdirSync(GUIDES).filter((name) => name !== 'README.md');

/** Processes of their own, a dozen a guide, on a machine that does other things. */
const GUIDE_TIMEOUT_MS = 600_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-guide-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(names)('%s is one of the list, is short, and its links lead somewhere', (name) => {
  const text = guideText(name);
  expect(guideText('README.md')).toContain(`](${name})`);
  expect(text.split('\n').length).toBeLessThan(90);
  const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
  expect(links.filter((link) => !existsSync(join(GUIDES, link)))).toEqual([]);
});

test('the blocks for a GPU are shell that parses', () => {
  const blocks = shellBlocks(guideText('gpu-or-cluster.md'), 'sh on-a-gpu');
  expect(blocks).toHaveLength(4);
  const { status, stderr } = spawnSync('sh', ['-n'], { input: blocks.join(''), encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});

describe('the commands of', () => {
  test(
    'reproduce-a-table.md',
    async () => {
      const scale = { laptop: { set: { num_train_epochs: 1 } } };
      const rows = [
        { name: 'Trained', paper: ['0.57', null] },
        { name: 'Asked', prompt: 'pd-1', set: { max_length: 200 } },
      ];
      await writeTinyTable(folder, { scale, rows });
      const { stdout } = runGuide('reproduce-a-table.md', folder, { TABLE: 'tiny.yaml', DATA: '.' });
      expect(stdout).toContain('2 of 2 cells finished');
      expect(stdout).toContain('\\begin{tabular}');
      expect(existsSync(join(folder, 'runs', 'tables', 'tiny-laptop', 'table.html'))).toBe(true);
    },
    GUIDE_TIMEOUT_MS,
  );

  test(
    'own-fixes.md',
    () => {
      const repository = new TestRepository(folder);
      const words = ['path', 'query', 'name', 'token', 'count', 'user', 'page', 'item', 'key', 'body'];
      const code = (i: number, checked: boolean) => {
        const [a, b] = [words[i % 10]!, words[(3 * i + 1) % 10]!];
        const steps = Array.from(
          { length: 2 + (i % 4) },
          (_, k) => `  const ${b}${k} = ${a}.${words[(i + k) % 10]}(${i * 7 + k});`,
        );
        return [
          `function ${a}${i}(${a}) {`,
          ...(checked ? [`  if (!${a}.allowed) throw new Error('${a}');`] : []),
          ...steps,
          `  return ${b}0;`,
          '}',
          '',
        ].join('\n');
      };
      const fixes = Array.from({ length: 30 }, (_, i) => i);
      repository.commit('start', Object.fromEntries(fixes.map((i) => [`src/f${i}.js`, code(i, false)])));
      for (const i of fixes)
        repository.commit(`fix CVE-2020-${1000 + i}`, { [`src/f${i}.js`]: code(i, true) });
      writeTinyBase(join(folder, 'base'), 'llama');
      runGuide('own-fixes.md', folder, { MODEL: 'base' });
      expect(existsSync(join(folder, 'runs', 'second', 'finished.json'))).toBe(true);
      expect(readFileSync(join(folder, 'scores.jsonl'), 'utf8')).toContain('"score"');
    },
    GUIDE_TIMEOUT_MS,
  );

  test(
    'scan-in-ci.md',
    async () => {
      const repository = new TestRepository(folder);
      const source = 'function run(name) {\n  const x = name + 1;\n  return eval(x);\n}\n';
      repository.commit('start', { 'src/run.js': source });
      await writeTinyRun(folder, { settings: { threshold: 0 } });
      const result = {
        ruleId: 'eval',
        message: { text: 'eval' },
        locations: [
          {
            physicalLocation: { artifactLocation: { uri: 'src/run.js' }, region: { startLine: 3 } },
          },
        ],
      };
      const runs = [{ tool: { driver: { name: 'Other' } }, results: [result] }];
      writeFileSync(join(folder, 'other.sarif'), JSON.stringify({ version: '2.1.0', runs }));
      runGuide('scan-in-ci.md', folder, { RUN: 'run', OTHER: 'other.sarif' });
      // The function was there before.
      expect(readFileSync(join(folder, '.vultune-baseline.json'), 'utf8')).toContain('src/run.js');
      expect(repository.git('log', '-1', '--format=%s')).toBe('Scan with vultune');
      expect(JSON.parse(readFileSync(join(folder, 'triaged.sarif'), 'utf8'))).toHaveProperty('runs');
    },
    GUIDE_TIMEOUT_MS,
  );

  test(
    'gpu-or-cluster.md',
    async () => {
      const table = await writeTinyTable(folder);
      const { base } = JSON.parse(readFileSync(table, 'utf8')) as { base: object };
      writeFileSync(join(folder, 'train.yaml'), JSON.stringify({ ...base, output_dir: 'runs/first' }));
      const { stdout } = runGuide('gpu-or-cluster.md', folder, { MODEL: 'base', DATA: 'test.jsonl' });
      expect(stdout).toMatch(/memory/i);
      expect(existsSync(join(folder, 'runs'))).toBe(false);
      expect(existsSync(join(folder, 'plan', 'run_plan.py'))).toBe(true);
      expect(existsSync(join(folder, 'prompted', 'finished.json'))).toBe(true);
    },
    GUIDE_TIMEOUT_MS,
  );

  test(
    'from-a-program.md',
    async () => {
      await writeTinyTable(folder);
      const files: Record<string, string> = {
        'src/run.js': 'function run(name) {\n  return eval(name + 1);\n}\n',
      };
      for (const split of ['train', 'valid', 'test'])
        files[`data/ours/${split}.jsonl`] = readFileSync(join(folder, `${split}.jsonl`), 'utf8');
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      const { stdout } = runGuide('from-a-program.md', folder, { MODEL: 'base' });
      expect(stdout).toMatch(/^ROC AUC [\d.]+\nscore [\d.]+\nfindings \d+\n$/);
    },
    GUIDE_TIMEOUT_MS,
  );
});
