import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { SCAN_FORMATS } from '../../../src/scan/output/format-names.ts';
import { recordScoredBy } from '../../../src/workflows/evaluate/own-predictions.ts';
import { cliCase } from '../../support/cli-case.ts';
import { type TinyRunOptions, writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let tree = '';
let run = '';
let cacheBefore: string | undefined;

const prepare = async (options?: TinyRunOptions) => {
  run = await writeTinyRun(folder, options);
};

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-scan-')));
  tree = join(folder, 'tree');
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = join(folder, 'cache');
});
afterEach(() => {
  vi.unstubAllEnvs();
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), text);
  }
}

const scan = (...argv: string[]) =>
  cliCase([scanCommand(runScan)], ['scan', run, tree, '--num-threads', '1', ...argv]);

interface Report {
  readonly complete: boolean;
  readonly counts: Record<string, number>;
  readonly threshold: number;
  readonly findings: readonly {
    readonly file: string;
    readonly name: string;
    readonly score: number;
    readonly fingerprint: string;
    readonly band: string;
  }[];
  readonly suppressed: readonly {
    readonly name: string;
    readonly suppression: { readonly reason: string };
  }[];
  readonly changed?: readonly {
    readonly name: string;
    readonly score: number;
    readonly scoreBefore: number | null;
  }[];
  readonly suppressionProblems: readonly object[];
}

async function scanJson(
  ...argv: string[]
): Promise<Report & { readonly exitCode: number; readonly stderr: string }> {
  const { exitCode, stdout, stderr } = await scan('--format', 'json', ...argv);
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Report), exitCode, stderr };
}

/** Scores that a scan took from the cache, as it says on stderr; its report is the same whatever was kept. */
const cachedOf = ({ stderr }: { readonly stderr: string }) =>
  Number(/^scores from the cache: (\d+)$/m.exec(stderr)?.[1] ?? 0);

const ALL = ['--threshold', '0', '--include-trivial'];
const THREE = {
  'a.js': 'function one(a) { return a + 1; }\n',
  'lib/b.js': 'const two = (b) => {\n  return eval(b);\n};\nfunction three() { return 3; }\n',
};

test.each([
  ['says so', 0.44, true],
  ['is not nagged about when it does better', 0.51, false],
])('a model that was measured to rank as a coin does %s', async (_what, low, isSaid) => {
  await prepare({ settings: { measured: { split: 'test', functions: 95, rocAuc: 0.56, low, high: 0.68 } } });
  put(THREE);
  const { stderr } = await scan();
  expect(stderr.includes('no better than chance (ROC AUC 0.56, 95%: ')).toBe(isSaid);
});

describe('a scan', () => {
  test('finds every function, most certain first, and says so with its exit code', async () => {
    await prepare();
    put(THREE);
    const all = await scanJson(...ALL);
    expect(all.exitCode).toBe(1);
    expect(all.findings.map(({ name }) => name).toSorted()).toEqual(['one', 'three', 'two']);
    const scores = all.findings.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(3);
    expect((await scan('--threshold', '1')).exitCode).toBe(0);
    expect((await scan(...ALL, '--fail-on', 'none')).exitCode).toBe(0);
    const cut = String((scores[0]! + scores[1]!) / 2);
    expect((await scanJson('--threshold', cut)).counts).toMatchObject({ vulnerable: 1 });
    expect((await scanJson(...ALL, '--min-confidence', cut)).counts).toMatchObject({
      vulnerable: 1,
      hidden: 2,
    });
  });

  test('takes the same scores from the cache without opening the model', async () => {
    await prepare();
    put(THREE);
    const first = await scanJson(...ALL);
    expect(cachedOf(first)).toBe(0);
    // A base model that is gone can't be opened.
    rmSync(join(folder, 'base'), { recursive: true });
    const second = await scanJson(...ALL);
    expect(cachedOf(second)).toBe(3);
    expect([second.findings, second.counts]).toEqual([first.findings, first.counts]);
    put({ 'a.js': 'function one(a) { return a + 2; }\n' });
    expect((await scan(...ALL)).exitCode).toBe(2);
    expect((await scan(...ALL, '--no-cache')).exitCode).toBe(2);
  });

  test.each([
    'null',
    '5',
    '{"problems":[]}',
    '{"functions":[null],"problems":[]}',
    '{"functions":[],"problems":[]}',
  ])('a list of functions that was edited to %s hides nothing and breaks nothing', async (json) => {
    await prepare();
    put(THREE);
    const first = await scanJson(...ALL);
    const cache = join(folder, 'cache', 'scan');
    const name = readdirSync(cache).find((one) => one.startsWith('outlines-'))!;
    const text = readFileSync(join(cache, name), 'utf8');
    const edited = text.replace(/^(\S+) .*$/gm, (_, key: string) => `${key} ${json}`);
    expect(edited).not.toBe(text);
    writeFileSync(join(cache, name), edited);
    const second = await scanJson(...ALL);
    expect(second.stderr).not.toContain('internal error');
    expect([second.exitCode, second.findings]).toEqual([first.exitCode, first.findings]);
  });

  test.each(SCAN_FORMATS)(
    'a model that ranks as a coin does says so in a file of the format %s',
    async (format) => {
      const measured = { split: 'test', functions: 95, rocAuc: 0.49, low: 0.38, high: 0.6 } as const;
      await prepare({ settings: { measured } });
      put(THREE);
      const out = join(folder, `out.${format}`);
      await scan(...ALL, '--format', format, '--output', out);
      const text = readFileSync(out, 'utf8');
      expect(text).toMatch(/ROC AUC 0\.49 \(95(%25|%): 0\.38 to 0\.60\)/);
      expect(text).toContain('no better than chance');
      // Once is enough: the figure stands with the model's worth.
      if (format === 'text') expect(text.match(/ROC AUC/g)).toHaveLength(1);
      if (format === 'sarif')
        expect(text).toMatch(/"level": "warning",\s+"message": \{\s+"text": "Caution: by that measure/);
    },
  );

  test('a damaged cache costs time, not results', async () => {
    await prepare();
    put(THREE);
    const first = await scanJson(...ALL);
    const cache = join(folder, 'cache', 'scan');
    for (const name of readdirSync(cache)) {
      const text = readFileSync(join(cache, name), 'utf8');
      writeFileSync(join(cache, name), `${text.slice(0, text.length >> 1)}\0garbage`);
    }
    expect((await scanJson(...ALL)).findings).toEqual(first.findings);
    expect(cachedOf(await scanJson(...ALL))).toBe(3);
  });

  test('another length of what is read needs other scores', async () => {
    await prepare();
    put(THREE);
    const long = await scanJson(...ALL);
    const short = await scanJson(...ALL, '--max-length', '5');
    expect(cachedOf(short)).toBe(0);
    expect(short.findings.map(({ score }) => score)).not.toEqual(long.findings.map(({ score }) => score));
  });

  test('stopped at once it reports nothing, keeps the baseline, and exits with 130', async () => {
    await prepare();
    put(THREE);
    const baseline = join(folder, 'baseline.json');
    const argv = ['scan', run, tree, '--format', 'json', '--baseline', baseline, '--update-baseline'];
    const { exitCode, stdout } = await cliCase([scanCommand(runScan)], argv, {
      signal: AbortSignal.abort(),
    });
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ complete: false, findings: [] });
    expect(readdirSync(folder)).not.toContain('baseline.json');
  });

  test('nothing to scan is clean', async () => {
    await prepare();
    mkdirSync(tree);
    expect(await scanJson()).toMatchObject({ exitCode: 0, counts: { files: 0, functions: 0 } });
  });
});

describe('what was not scanned', () => {
  test('code outside functions and functions that do not parse are counted in every format', async () => {
    await prepare();
    put({
      'a.py': 'def f(x):\n    return x\nos.system("ls " + sys.argv[1])\n',
      'b.php': "<?php function f() { return 1; }\n$cmd = $_GET['c'];\nsystem('ls ' . $cmd);\n",
      'c.js': "const fs = require('fs');\nfunction f() { return fs; }\nmodule.exports = { f };\nmain();\n",
      'd.go': 'package p\nfunc f() { x() }\nfunc g[ ( y() }\n',
    });
    for (const format of SCAN_FORMATS) {
      const { stdout } = await scan(...ALL, '--format', format);
      expect(stdout, format).toMatch(
        /2 files have code outside functions that was not scored \([^)]*a\.py[^)]*b\.php\)/,
      );
      expect(stdout, format).toMatch(/Not scanned: 1 function that could not be read \([^)]*d\.go: line 3\)/);
    }
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      'only code outside functions',
      { 'a.py': 'os.system("ls " + sys.argv[1])\n' },
      /1 file with code outside functions only\./,
    ],
    [
      'no functions',
      { 'a.ts': 'export type A = 1;\n', 'b.h': 'int f(void);\n' },
      /2 files without functions\./,
    ],
    ['refused', { 'a.js': 'f(\n'.repeat(3000) }, /1 file that was not parsed\./],
    ['other languages', { 'a.txt': 'text' }, /no source file of a known language at the paths given/],
    [
      'several reasons',
      { 'a.ts': 'let a;\n', 'b.js': 'a\0b', 'c.rb': 'system params[:x]\n' },
      /1 file with code outside functions only, 1 file without functions, 1 binary file\./,
    ],
  ])('no function found: %s', async (_, files, reason) => {
    await prepare();
    put(files);
    for (const format of SCAN_FORMATS) {
      const { stdout } = await scan('--format', format);
      expect(stdout, format).toMatch(/No function was scored: /);
      expect(stdout, format).toMatch(reason);
    }
  });

  test('is named as findings name files: no format tells where the tree lies', async () => {
    await prepare();
    put({ ...THREE, 'bin.js': 'a\0b' });
    execFileSync('git', ['init', '-q', tree]);
    for (const format of SCAN_FORMATS) {
      const { stdout } = await scan(...ALL, '--format', format);
      if (format !== 'github')
        expect(stdout, format).toMatch(/Not scanned: 1 binary file|"reason":\s*"binary"/);
      // SARIF and JSON say once what paths are relative to.
      expect(stdout, format).not.toContain(join(tree, 'bin.js'));
    }
  });
});

describe('what is not reported', () => {
  test('a suppressed function, with its reason; a suppression without one has no effect', async () => {
    await prepare();
    put({
      'a.js':
        '// vultune-ignore: input is checked by the caller\nfunction one(a) { return a + 1; }\n' +
        'function two() {\n  // vultune-ignore\n  return 2;\n}\n',
    });
    const { findings, suppressed, suppressionProblems, counts } = await scanJson(...ALL);
    expect(findings.map(({ name }) => name)).toEqual(['two']);
    expect(suppressed).toMatchObject([
      { name: 'one', suppression: { reason: 'input is checked by the caller', line: 1 } },
    ]);
    expect(suppressionProblems).toMatchObject([{ line: 4, kind: 'reason-missing' }]);
    expect(counts).toMatchObject({ vulnerable: 1, suppressed: 1 });
    const { stdout } = await scan(...ALL);
    expect(stdout).toContain('input is checked by the caller');
    expect(stdout).toContain('a.js:4: vultune-ignore without a reason');
  });

  test('what the baseline lists; a copy of it is new', async () => {
    await prepare();
    put(THREE);
    const file = join(folder, 'baseline.json');
    const made = await scan(...ALL, '--baseline', file, '--update-baseline');
    expect(made.exitCode).toBe(0);
    const clean = await scanJson(...ALL, '--baseline', file);
    expect(clean).toMatchObject({ exitCode: 0, findings: [], counts: { known: 3 } });
    put({ 'copy.js': THREE['a.js'], 'c.js': 'function four() { return 4; }\n' });
    rmSync(join(tree, 'lib'), { recursive: true });
    const later = await scanJson(...ALL, '--baseline', file);
    expect(later.findings.map(({ name }) => name).toSorted()).toEqual(['four', 'one']);
    expect(later.exitCode).toBe(1);
  });

  test.each([
    ['{', 'not valid JSON'],
    ['{"formatVersion":2}', 'formatVersion'],
    ['{"formatVersion":1,"findings":[{}]}', 'fingerprint'],
  ])('a baseline that is none is refused: %s', async (text, found) => {
    await prepare();
    put(THREE);
    const file = join(folder, 'baseline.json');
    writeFileSync(file, text);
    const { exitCode, stderr } = await scan('--baseline', file);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('SCAN_BASELINE')]);
    expect(stderr).toContain(found);
  });
});

describe('decisions that end', () => {
  const WITH_COMMENT = (text: string) => ({
    'a.js': `// vultune-ignore: ours ${text}\nfunction one(a) { return a + 1; }\nfunction two(b) { return eval(b); }\n`,
  });

  test('a suppression that holds names who gave it; one that has expired is reported again, in every format', async () => {
    await prepare();
    put(WITH_COMMENT('[by Ann] [until 2999-12-31]'));
    const held = await scanJson(...ALL);
    expect(held.suppressed).toMatchObject([
      { name: 'one', suppression: { reason: 'ours', author: 'Ann', until: '2999-12-31' } },
    ]);
    expect((await scan(...ALL)).stdout).toContain('ours (by Ann, until 2999-12-31)');
    put(WITH_COMMENT('[by Ann] [until 2020-12-31]'));
    const { findings, suppressed } = await scanJson(...ALL);
    expect([findings.map(({ name }) => name).toSorted(), suppressed]).toEqual([['one', 'two'], []]);
    for (const format of SCAN_FORMATS) {
      expect((await scan(...ALL, '--format', format)).stdout, format).toMatch(
        /Expired, reported again: vultune-ignore by Ann for .{0,6}one.{0,6} at [^ ]*a\.js:1 held until 2020-12-31 \(ours\)/,
      );
    }
  });

  test('a wrong date suppresses nothing, and every format says so', async () => {
    await prepare();
    put(WITH_COMMENT('until 31.12.2999'));
    expect((await scanJson(...ALL)).findings).toHaveLength(2);
    for (const format of SCAN_FORMATS) {
      expect((await scan(...ALL, '--format', format)).stdout, format).toMatch(
        /a\.js:1: vultune-ignore with .{0,6}until.{0,6} and no day such as 2027-01-31 behind it has no effect/,
      );
    }
  });

  interface Entries {
    readonly findings: { author?: string; expires?: string; name: string }[];
  }
  const baselineOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Entries;

  test('entries of the baseline keep who accepted them and until when; expired ones come back and are listed', async () => {
    await prepare();
    put({ 'a.js': THREE['a.js'] });
    const file = join(folder, 'baseline.json');
    const update = ['--baseline', file, '--update-baseline'];
    await scan(...ALL, ...update, '--accepted-by', 'Ann', '--accepted-until', '2999-12-31');
    put(THREE);
    await scan(...ALL, ...update, '--accepted-by', 'Bob');
    const entries = baselineOf(file);
    const byName = new Map(entries.findings.map(({ name, author, expires }) => [name, [author, expires]]));
    expect(byName).toEqual(
      new Map([
        ['one', ['Ann', '2999-12-31']],
        ['two', ['Bob', undefined]],
        ['three', ['Bob', undefined]],
      ]),
    );
    expect((await scanJson(...ALL, '--baseline', file)).counts).toMatchObject({ known: 3, vulnerable: 0 });

    entries.findings.find(({ name }) => name === 'one')!.expires = '2020-12-31';
    writeFileSync(file, JSON.stringify(entries));
    const later = await scanJson(...ALL, '--baseline', file);
    expect(later.findings.map(({ name }) => name)).toEqual(['one']);
    for (const format of SCAN_FORMATS) {
      const { stdout } = await scan(...ALL, '--baseline', file, '--format', format);
      expect(stdout, format).toMatch(
        /Expired, reported again: an entry of the baseline by Ann for .{0,6}one.{0,6} at [^ ]*a\.js held until 2020-12-31/,
      );
    }
    expect((await scan(...ALL, ...update)).stderr).toContain('1 finding in it expired and will be reported');
    expect((await scanJson(...ALL, '--baseline', file)).findings).toHaveLength(1);
    await scan(...ALL, ...update, '--accepted-by', 'Bob', '--accepted-until', '2999-01-01');
    expect((await scanJson(...ALL, '--baseline', file)).findings).toHaveLength(0);
  });

  test.each([
    [
      'an entry',
      async (file: string) => {
        writeFileSync(
          file,
          JSON.stringify({ formatVersion: 1, findings: [{ fingerprint: 'f', expires: '2027-02-30' }] }),
        );
        return await scan('--baseline', file);
      },
    ],
    [
      'an option',
      async (file: string) => await scan('--baseline', file, '--update-baseline', '--accepted-until', 'soon'),
    ],
  ])('a wrong date in %s is refused', async (_, run) => {
    await prepare();
    put(THREE);
    const { exitCode, stderr } = await run(join(folder, 'baseline.json'));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('SCAN_BASELINE')]);
    expect(stderr).toContain('2027-01-31');
  });
});

describe('the operating point', () => {
  test('a budget of false alarms, from the validation scores of the run', async () => {
    await prepare({
      validation: [
        [0.2, 0],
        [0.4, 0],
        [0.6, 0],
        [0.8, 0],
        [0.9, 1],
      ],
    });
    put(THREE);
    const { threshold, stderr } = await scanJson('--max-false-positives', '1/4');
    expect(threshold).toBeGreaterThan(0.6);
    expect(threshold).toBeLessThan(0.6 + 1e-9);
    expect(stderr).not.toContain('too few');
    const strict = await scanJson('--max-false-positives', '0.1%');
    expect(strict.threshold).toBeGreaterThan(0.8);
    expect(strict.stderr).toContain('too few');
  });

  test('scores of another adapter, or edited ones, are refused', async () => {
    await prepare({ validation: [0.2, 0.4, 0.6, 0.8].map((score) => [score, 0] as const) });
    put(THREE);
    const predictions = join(run, 'predictions');
    const header = readAdapterHeader(join(run, 'adapter'));
    await recordScoredBy(predictions, header);
    expect((await scanJson('--max-false-positives', '1/4')).threshold).toBeGreaterThan(0.6);
    writeFileSync(join(predictions, 'valid.jsonl'), '{"score": 0.1, "target": 0}\n');
    const edited = await scan('--max-false-positives', '1/4');
    expect([edited.exitCode, edited.stderr]).toEqual([2, expect.stringContaining("are another adapter's")]);
    await recordScoredBy(predictions, { ...header, settings: { ...header.settings!, pooling: 'mean' } });
    const other = await scan('--max-false-positives', '1/4');
    expect([other.exitCode, other.stderr]).toEqual([2, expect.stringContaining('SCAN_NO_VALIDATION')]);
  });

  test('a run without validation scores says so', async () => {
    await prepare();
    put(THREE);
    const { exitCode, stderr } = await scan('--max-false-positives', '1/200');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('SCAN_NO_VALIDATION')]);
  });
});

describe('--diff', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', tree, ...args], {
      stdio: 'pipe',
    });

  test('only changed functions, with their score before', async () => {
    await prepare();
    put({ ...THREE, 'gone.js': 'function gone() {}' });
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    const old = await scanJson(...ALL);
    git('mv', 'lib/b.js', 'lib/renamed.js');
    rmSync(join(tree, 'gone.js'));
    put({
      'a.js': '\n// moved\nfunction one(a) {\n  return a + 1;\n}\n',
      'lib/renamed.js': THREE['lib/b.js'].replace('eval(b)', 'JSON.parse(b)'),
      'new.js': 'function four() { return 4; }\n',
    });
    // As in a commit hook.
    vi.stubEnv('GIT_DIR', '/nowhere');
    vi.stubEnv('GIT_INDEX_FILE', '/nowhere/index');
    const { changed, findings, exitCode } = await scanJson(...ALL, '--diff', 'HEAD');
    expect(exitCode).toBe(1);
    const before = old.findings.find(({ name }) => name === 'two')!.score;
    const byName = new Map(changed!.map((one) => [one.name, one.scoreBefore]));
    expect(byName).toEqual(
      new Map<string, unknown>([
        ['two', expect.closeTo(before, 5)],
        ['four', null],
      ]),
    );
    expect(findings).toHaveLength(2);
    const { stdout } = await scan(...ALL, '--diff', 'HEAD');
    expect(stdout).toContain('new function');
    expect(stdout).toMatch(/score before the change 0\.\d{3} \([+-]0\.\d{3}\)/);
  });

  test('a commit that git does not know, an option in its place, no repository', async () => {
    await prepare();
    put(THREE);
    expect((await scan('--diff', 'HEAD')).stderr).toContain('SCAN_NOT_GIT');
    git('init', '-q');
    for (const base of ['no-such', '--output=/tmp/x']) {
      expect((await scan(`--diff=${base}`)).stderr).toContain('SCAN_DIFF_BASE');
    }
  });
});

describe('formats', () => {
  test.each(SCAN_FORMATS)('%s goes to a file', async (format) => {
    await prepare();
    put(THREE);
    const file = join(folder, 'out');
    const { stdout, exitCode } = await scan(...ALL, '--format', format, '--out', file);
    expect([exitCode, stdout]).toEqual([1, '']);
    for (const name of ['one', 'two', 'three']) expect(readFileSync(file, 'utf8')).toContain(name);
  });

  test('framed code begins at the margin', async () => {
    await prepare();
    put({
      'a.js': 'class A {\n      m(a) {\n          if (a) return 1;\n\n          return a;\n      }\n}\n',
    });
    expect((await scan(...ALL, '--no-lines')).stdout).toContain(
      '  2 │ m(a) {\n  3 │     if (a) return 1;\n  4 │ \n  5 │     return a;\n  6 │ }\n',
    );
  });

  test('text frames the code of the first and lists the others', async () => {
    await prepare();
    put(THREE);
    const { stdout } = await scan(...ALL, '--frames', '1');
    expect(stdout.match(/│/g)!.length).toBeLessThan(4);
    expect(stdout).toContain('3 functions in 2 files: 3 vulnerable, 0 uncertain, 0 safe');
  });
});

describe('noise', () => {
  const NOISE = {
    'a.py': 'def stub(): ...\ndef value(self):\n    return self.x\ndef real(x):\n    return eval(x)\n',
    'gen.go': '// Code generated by x. DO NOT EDIT.\npackage p\nfunc f() { g() }\n',
  };

  test('is not scored, and counted in every format', async () => {
    await prepare();
    put(NOISE);
    for (const format of SCAN_FORMATS) {
      const { stdout } = await scan('--threshold', '0', '--format', format);
      expect(stdout, format).toMatch(/1 function without a body that does anything \([^)]*a\.py\)/);
      expect(stdout, format).toMatch(/1 function that only gives a value back \([^)]*a\.py\)/);
      expect(stdout, format).toMatch(
        /1 file of generated code \([^)]*gen\.go\); --include-generated scans it/,
      );
      expect(stdout, format).toContain('real');
    }
    const all = await scanJson(...ALL, '--include-generated');
    expect(all.counts).toMatchObject({ functions: 4, vulnerable: 4 });
  });

  test('a tree of nothing else says why nothing was scored', async () => {
    await prepare();
    put({ 'a.py': 'def stub(): ...\n' });
    expect((await scan()).stdout).toContain(
      'No function was scored: 1 function without a body that does anything.',
    );
  });

  test('a callback and the function around it are one finding', async () => {
    await prepare();
    put({
      'a.js': 'function outer(a) {\n  const inner = (b) => { return eval(b); };\n  return inner(a);\n}\n',
    });
    const names = async (...argv: string[]) =>
      (await scanJson(...ALL, ...argv)).findings.map(({ name }) => name).toSorted();
    expect(await names()).toEqual(['outer.inner']);
    expect(await names('--nested', 'outer')).toEqual(['outer']);
    expect(await names('--nested', 'both')).toEqual(['outer', 'outer.inner']);
    expect((await scan(...ALL)).stdout).toContain('1 finding folded; --nested both lists each');
    const baseline = join(folder, 'baseline.json');
    await scan(...ALL, '--baseline', baseline, '--update-baseline');
    expect(await names('--nested', 'both', '--baseline', baseline)).toEqual([]);
  });
});

describe('--top', () => {
  test('lists the first and counts the others; the exit code is that of all', async () => {
    await prepare();
    put(THREE);
    const all = await scanJson(...ALL);
    const first = await scanJson(...ALL, '--top', '1');
    expect(first.findings).toEqual(all.findings.slice(0, 1));
    expect(first.counts).toMatchObject({ vulnerable: 3, unlisted: 2 });
    expect(first.exitCode).toBe(1);
    for (const format of SCAN_FORMATS) {
      const { stdout } = await scan(...ALL, '--top', '1', '--format', format);
      expect(stdout, format).toContain('Not listed, as --top asks: 2 findings with lower scores.');
    }
    const baseline = join(folder, 'baseline.json');
    await scan(...ALL, '--top', '1', '--baseline', baseline, '--update-baseline');
    expect((await scanJson(...ALL, '--baseline', baseline)).findings).toEqual([]);
  });

  test('no frames at all', async () => {
    await prepare();
    put(THREE);
    expect((await scan(...ALL, '--frames', '0')).stdout).not.toContain('│');
    expect((await scan(...ALL, '--frames', '-1')).exitCode).toBe(2);
  });
});

test('tests are counted in every format, and scanned when asked for', async () => {
  await prepare();
  put({ ...THREE, 'test/t.js': 'function four() { return 4; }\n' });
  for (const format of SCAN_FORMATS) {
    const { stdout } = await scan(...ALL, '--format', format);
    expect(stdout, format).toMatch(/1 file of test code \([^)]*test\/t\.js\); --include-tests scans it\./);
  }
  expect((await scanJson(...ALL)).counts.functions).toBe(3);
  expect((await scanJson(...ALL, '--include-tests')).counts.functions).toBe(4);
});

describe('the lines that mattered', () => {
  interface WithLines {
    readonly findings: readonly { readonly name: string; readonly lineScores?: readonly number[] }[];
  }
  const linesOf = async (...argv: string[]) => {
    const { findings } = (await scanJson(...ALL, ...argv)) as unknown as WithLines;
    return findings.map(({ lineScores }) => lineScores);
  };

  test('one score a line, for the findings that show their code', async () => {
    await prepare();
    put(THREE);
    const { findings } = (await scanJson(...ALL)) as unknown as WithLines;
    expect(findings.find(({ name }) => name === 'two')!.lineScores).toHaveLength(3);
    expect(findings.find(({ name }) => name === 'one')!.lineScores).toHaveLength(1);
    expect(findings[0]!.lineScores!.some((score) => score !== 0)).toBe(true);
    const [first, ...others] = await linesOf('--frames', '1');
    expect(first).toEqual(findings[0]!.lineScores);
    expect(others).toEqual([undefined, undefined]);
    expect(await linesOf('--no-lines')).toEqual([undefined, undefined, undefined]);
  });

  test('are kept: the model is not opened for them again', async () => {
    await prepare();
    put(THREE);
    await scan(...ALL, '--no-lines');
    const lines = await linesOf();
    rmSync(join(folder, 'base'), { recursive: true });
    expect(await linesOf()).toEqual(lines);
    expect((await scan(...ALL, '--max-length', '9')).exitCode).toBe(2);
    expect((await scan(...ALL, '--no-cache')).exitCode).toBe(2);
  });

  test('are marked in the text, warm in the page, and not looked for where no format shows them', async () => {
    await prepare();
    put(THREE);
    await scan(...ALL, '--no-lines');
    const base = join(folder, 'base');
    const gone = join(folder, 'gone');
    renameSync(base, gone);
    expect((await scan(...ALL, '--format', 'sarif')).exitCode).toBe(1);
    expect((await scan(...ALL)).exitCode).toBe(2);
    renameSync(gone, base);
    expect((await scan(...ALL)).stdout).toMatch(/^> \d │/m);
    expect((await scan(...ALL, '--format', 'html')).stdout).toContain('rgba(var(--heat)');
  });
});

describe('another base rate', () => {
  test('moves scores and threshold; bands, order and what is kept stay', async () => {
    const calibration = { method: 'platt', slope: 1, intercept: 0, functions: 10, prevalence: 0.25 } as const;
    await prepare({ settings: { calibration } });
    put(THREE);
    const plain = await scanJson(...ALL);
    const cut = (plain.findings[0]!.score + plain.findings[1]!.score) / 2;
    const at = ['--include-trivial', '--threshold', String(cut)];
    const before = await scanJson(...at);
    const moved = await scanJson(...at, '--prevalence', '0.01');
    expect(cachedOf(moved)).toBe(3);
    const bands = ({ findings }: Report) => findings.map(({ name, band }) => [name, band]);
    expect(bands(moved)).toEqual(bands(before));
    expect(bands(moved)[0]![1]).toBe('vulnerable');
    const odds = (share: number) => share / (1 - share);
    const ratio = odds(0.01) / odds(0.25);
    for (const [i, { score }] of moved.findings.entries()) {
      expect(odds(score)).toBeCloseTo(odds(before.findings[i]!.score) * ratio, 12);
    }
    expect(odds(moved.threshold)).toBeCloseTo(odds(cut) * ratio, 12);
    expect(moved).toMatchObject({
      prevalence: 0.01,
      thresholdSource: 'as requested; moved to 1 % vulnerable functions',
    });
    expect((await scan('--prevalence', '1')).exitCode).toBe(2);
  });
});

describe('minified files', () => {
  const minified = `var a=1;${Array.from({ length: 40 }, (_, i) => `function f${i}(a){return a+${i}}`).join('')}\n`;

  test('are counted and not scanned, unless named or asked for', async () => {
    await prepare();
    put({ 'a.min.js': minified, 'b.js': 'function one(a) { return a + 1; }\n' });
    const { stdout } = await scan(...ALL);
    expect(stdout).toContain('1 function in 1 file:');
    expect(stdout).toMatch(/Not scanned: 1 minified file \(.*a\.min\.js\)/);
    expect((await scanJson(...ALL, '--include-minified')).counts.functions).toBe(41);
    tree = join(tree, 'a.min.js');
    expect((await scanJson(...ALL)).counts.functions).toBe(40);
  });
});

describe('the nearest known vulnerable function', () => {
  const known = {
    id: 'k1',
    code: 'function known(userInput) { return eval(userInput); }',
    target: 1,
    cve: 'CVE-2020-1',
  };

  test('is named where one is alike, with its CVE; a safe one never', async () => {
    await prepare({
      training: [
        known,
        { id: 'k2', code: 'function other() { for (;;) wait(); }', target: 1 },
        { id: 'fix', code: 'function known2(userInput) { return JSON.parse(userInput); }', target: 0 },
      ],
    });
    put({
      'a.js': 'function run(userInput) { return eval(userInput); }\n',
      'b.js': 'function parse(userInput) { return JSON.parse(userInput); }\n',
      'c.js': 'const unlike = () => a + b * c;\n',
    });
    const { stdout } = await scan(...ALL, '--format', 'json');
    const { findings } = JSON.parse(stdout) as { findings: { name: string; nearest?: object }[] };
    const nearest = new Map(findings.map((one) => [one.name, one.nearest]));
    expect(nearest.get('run')).toMatchObject({ id: 'k1', cve: 'CVE-2020-1' });
    expect(nearest.get('parse')).not.toMatchObject({ id: 'fix' });
    expect(nearest.get('unlike')).toBeUndefined();
    const said = /Most similar to CVE-2020-1, (?:'|&#39;|&apos;)k1(?:'|&#39;|&apos;) of the training data/;
    for (const format of ['text', 'sarif', 'html', 'github']) {
      expect((await scan(...ALL, '--format', format)).stdout, format).toMatch(said);
    }
    const results = JSON.parse((await scan(...ALL, '--format', 'sarif')).stdout).runs[0].results;
    expect(
      results.map(({ properties }: { properties: { nearest?: object } }) => properties.nearest),
    ).toContainEqual(expect.objectContaining({ id: 'k1', cve: 'CVE-2020-1' }));
    run = join(run, 'adapter');
    expect((await scan(...ALL)).stdout, 'the adapter folder of a run').toMatch(said);
  });

  test('data that changed since the training are not used', async () => {
    await prepare({ training: [known] });
    put({ 'a.js': known.code });
    writeFileSync(join(folder, 'train.jsonl'), `${JSON.stringify({ ...known, id: 'longer than before' })}\n`);
    expect((await scan(...ALL)).stdout).not.toContain('CVE-2020-1');
  });
});

describe('mistakes', () => {
  test.each<[string, readonly string[], string]>([
    ['no such path', ['missing'], 'SCAN_PATH_MISSING'],
    ['nowhere to write a baseline', ['--update-baseline'], 'CLI_USAGE'],
    ['an acceptance of nothing', ['--accepted-until', '2999-01-01'], 'CLI_USAGE'],
    ['two operating points', ['--threshold', '0.5', '--max-false-positives', '0.1'], 'CLI_USAGE'],
    ['a budget that is none', ['--max-false-positives', '1/0'], 'CLI_USAGE'],
  ])('%s', async (_, argv, code) => {
    await prepare();
    put(THREE);
    const { exitCode, stderr } = await scan(...argv);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(code)]);
  });

  test('an adapter without its base', async () => {
    await prepare();
    put(THREE);
    rmSync(join(folder, 'base'), { recursive: true });
    const { exitCode, stderr } = await scan();
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('MODEL_PATH_MISSING')]);
  });

  test('a mistyped run', async () => {
    await prepare();
    put(THREE);
    run = join(folder, 'rnu');
    expect((await scan()).stderr).toContain('ADAPTER_MISSING');
  });
});
