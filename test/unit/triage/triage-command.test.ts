import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Log, Result, Run } from 'sarif';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { triageCommand } from '../../../src/cli/commands/triage.ts';
import { runTriage } from '../../../src/cli/triage/run-triage.ts';
import { type Reporter, silent } from '../../../src/workflows/context.ts';
import { triage as triageLibrary } from '../../../src/workflows/triage/triage.ts';
import { cliCase } from '../../support/cli-case.ts';
import { type TinyRunOptions, writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let root = '';
let run = '';
let log = '';
let cacheBefore: string | undefined;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-triage-')));
  root = join(folder, 'tree');
  log = join(folder, 'other.sarif');
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = join(folder, 'cache');
});
afterEach(() => {
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

const FILES = {
  'a.js': 'function one(a) { return a + 1; }\nconst top = eval(process.argv[2]);\n',
  'lib/b.js': 'const two = (b) => {\n  return eval(b);\n};\nfunction three() { return 3; }\n',
  'notes.txt': 'nothing to read\n',
};

async function prepare(options: TinyRunOptions = {}, files: Readonly<Record<string, string>> = FILES) {
  run = await writeTinyRun(folder, options);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

const result = (rule: string, uri: string, startLine: number, more: Partial<Result> = {}): Result => ({
  ruleId: rule,
  message: { text: `${rule} says so` },
  locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine } } }],
  ...more,
});

const RESULTS = [
  result('r-outside', 'a.js', 2),
  result('r-one', 'a.js', 1, { rank: 12.5, properties: { mine: 'kept' } }),
  { ruleId: 'r-nowhere', message: { text: 'no place' } },
  result('r-two', 'lib/b.js', 2),
  result('r-three', 'lib/b.js', 4),
  result('r-text', 'notes.txt', 1),
  result('r-gone', 'gone.js', 1),
  result('r-escape', '../run/run.json', 1),
] satisfies Result[];

const scannerRun = (results: readonly Result[], name = 'Other'): Run => ({
  tool: { driver: { name, version: '1.0' } },
  results: [...results],
});

function putLog(...runs: readonly Run[]): string {
  const text = JSON.stringify({ version: '2.1.0', runs: [...runs] } satisfies Omit<Log, '$schema'>, null, 2);
  writeFileSync(log, text);
  return text;
}

const triage = (...argv: string[]) =>
  cliCase([triageCommand(runTriage)], ['triage', run, log, '--root', root, '--num-threads', '1', ...argv]);

interface Json {
  readonly complete: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly cautions: readonly string[];
  readonly notes: readonly string[];
  readonly measures: {
    readonly labelled: number;
    readonly real: number;
    readonly withoutLabel: number;
  } | null;
  readonly findings: readonly {
    readonly rank: number;
    readonly rule: string;
    readonly score: number | null;
    readonly function?: string;
    readonly unscored?: string;
    readonly suppressedByScanner?: boolean;
  }[];
}

async function triageJson(...argv: string[]): Promise<Json & { readonly stderr: string }> {
  const { stdout, stderr } = await triage('--format', 'json', ...argv);
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Json), stderr };
}

async function triageSarif(...argv: string[]): Promise<Run> {
  const { stdout, stderr } = await triage('--format', 'sarif', ...argv);
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as Log).runs[0]!;
}

describe('triage', () => {
  test('ranks by the score of the function; what has none keeps its order behind, with the reason', async () => {
    await prepare();
    putLog(scannerRun(RESULTS));
    const { findings, counts, complete } = await triageJson();
    expect(complete).toBe(true);
    expect(counts).toMatchObject({ findings: 8, scored: 3, unscored: 5 });
    const scored = findings.slice(0, 3);
    const scores = scored.map(({ score }) => score!);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(Object.fromEntries(scored.map((one) => [one.rule, one.function]))).toEqual({
      'r-one': 'one',
      'r-two': 'two',
      'r-three': 'three',
    });
    expect(findings.slice(3).map(({ rule, unscored }) => [rule, unscored])).toEqual([
      ['r-outside', 'outside functions'],
      ['r-nowhere', 'no location'],
      ['r-text', 'file not read'],
      ['r-gone', 'file missing'],
      ['r-escape', 'outside the folder'],
    ]);
    expect(findings.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('as text: a table by score, the others with their reasons, and what the model is worth', async () => {
    const measured = { split: 'test', functions: 95, rocAuc: 0.56, low: 0.44, high: 0.68 } as const;
    await prepare({ settings: { measured } });
    putLog(scannerRun(RESULTS));
    const { stdout, exitCode } = await triage('--top', '2');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ *# +score +rule +place +function$/m);
    expect(stdout).toMatch(/^ *1 +0\.\d+ +r-\w+ +\S+:\d+ +\w+/m);
    expect(stdout).toContain('and 1 more');
    expect(stdout).toContain('8 findings: 3 scored');
    expect(stdout).toContain('Model: ROC AUC 0.56 (95%: 0.44 to 0.68) on the 95 functions of its test part.');
    expect(stdout).toContain('no better than chance');
    expect(stdout).toContain('1 finding: outside any function.');
  });

  test('scores come from the cache that scans keep: the model is not opened', async () => {
    await prepare();
    putLog(scannerRun(RESULTS));
    const first = await triageJson();
    rmSync(join(folder, 'base'), { recursive: true });
    const second = await triageJson();
    expect(second.stderr).toContain('scores from the cache: 3');
    expect(second.findings).toEqual(first.findings);
    expect((await triage('--no-cache')).exitCode).toBe(2);
  });

  test.each([
    ['accepted', true],
    ['underReview', undefined],
  ] as const)(
    'a finding that was suppressed before (%s) is ranked like the others, and says so',
    async (status, said) => {
      await prepare();
      putLog(scannerRun([result('r-old', 'a.js', 1, { suppressions: [{ kind: 'external', status }] })]));
      const [finding] = (await triageJson()).findings;
      expect([finding!.function, finding!.suppressedByScanner]).toEqual(['one', said]);
      expect((await triage()).stdout.includes('suppressed by the scanner')).toBe(said === true);
    },
  );

  test('several runs share one order', async () => {
    await prepare();
    putLog(
      scannerRun([RESULTS[1]!], 'A'),
      { tool: { driver: { name: 'empty' } } },
      scannerRun([RESULTS[3]!], 'B'),
    );
    const { findings } = await triageJson();
    expect(findings.map(({ rule }) => rule).toSorted()).toEqual(['r-one', 'r-two']);
  });

  test('a pass and a finding that is gone are none to look at, and a log without findings says so', async () => {
    await prepare();
    putLog(
      scannerRun([
        result('r-pass', 'a.js', 1, { kind: 'pass' }),
        result('r-absent', 'a.js', 1, { baselineState: 'absent' }),
      ]),
    );
    expect((await triageJson()).findings.map(({ unscored }) => unscored)).toEqual([
      'not a problem',
      'absent',
    ]);
    putLog(scannerRun([]));
    expect((await triageJson()).notes).toContain('The log has no finding.');
  });

  test('stopped while it scores, it still has every finding: those without a score say why', async () => {
    await prepare();
    putLog(scannerRun(RESULTS));
    const stop = new AbortController();
    const stopping: Reporter = {
      ...silent,
      task: (task) => {
        stop.abort();
        return silent.task(task);
      },
    };
    const { report } = await triageLibrary({ run, log, root }, { signal: stop.signal, report: stopping });
    expect(report.complete).toBe(false);
    expect(report.findings).toHaveLength(8);
    const reasons = report.findings.map(({ unscored }) => unscored?.reason);
    expect(reasons.filter((reason) => reason === 'stopped')).toHaveLength(3);
    const { exitCode } = await cliCase([triageCommand(runTriage)], ['triage', run, log, '--root', root], {
      signal: AbortSignal.abort(),
    });
    expect(exitCode).toBe(130);
  });
});

describe('the SARIF that comes back', () => {
  /** Without what triage adds. */
  function stripped(text: string): unknown {
    const OURS = new Set([
      'vultune',
      'ai.triaged',
      'ai.triage.model',
      'ai.triage.timestamp',
      'ai.triage.confidence',
    ]);
    return JSON.parse(text, function strip(this: unknown, key: string, value: unknown) {
      if (OURS.has(key)) return undefined;
      if (key === 'original.rank') return undefined;
      if (key === 'rank') return undefined;
      if (key === 'properties' && Object.keys(value as object).length === 0) return undefined;
      return value;
    });
  }

  test('is the input with additions only', async () => {
    await prepare();
    const text = putLog(scannerRun(RESULTS)).replace('"mine": "kept"', '"mine": 12345678901234567890.10');
    writeFileSync(log, `\ufeff${text}`);
    const { stdout } = await triage('--format', 'sarif');
    expect(stdout.startsWith('\ufeff')).toBe(true);
    expect(stdout).toContain('"mine": 12345678901234567890.10');
    expect(stripped(stdout.slice(1))).toEqual(stripped(text));
    const { results, properties } = (JSON.parse(stdout.slice(1)) as Log).runs[0]!;
    expect(results!.map(({ ruleId }) => ruleId)).toEqual(RESULTS.map(({ ruleId }) => ruleId));
    const one = results![1]!;
    expect(one.rank).toBeCloseTo(100 * (one.properties as { vultune: { score: number } }).vultune.score, 1);
    expect(one.properties).toMatchObject({
      'original.rank': 12.5,
      vultune: { function: 'one', functionLines: [1, 1] },
    });
    expect(results![0]!.rank).toBeUndefined();
    expect(results![0]!.properties).toMatchObject({ vultune: { unscored: 'outside functions' } });
    expect(results![0]!.suppressions).toBeUndefined();
    expect(properties).toMatchObject({
      'ai.triaged': true,
      vultune: { measured: null, cautions: ['Model: never measured: nothing says how good its ranking is.'] },
    });
  });

  const GOOD = { split: 'test', functions: 95, rocAuc: 0.8, low: 0.7, high: 0.9 } as const;

  test.each([
    [
      'accepted where the model is known to rank better than chance',
      { maxLength: 64, measured: GOOD },
      'accepted',
    ],
    ['under review where nobody measured it', { maxLength: 64 }, 'underReview'],
  ])('on request suppresses: %s', async (_what, settings, status) => {
    await prepare({ settings });
    const own = { kind: 'inSource', status: 'accepted', justification: 'theirs' } as const;
    putLog(scannerRun([...RESULTS, result('r-again', 'a.js', 1, { suppressions: [own] })]));
    const { results } = await triageSarif('--suppress-below', '1');
    const one = results!.find(({ ruleId }) => ruleId === 'r-one')!;
    expect(one.suppressions).toMatchObject([
      { kind: 'external', status, properties: { 'ai.triaged': true } },
    ]);
    expect(one.suppressions![0]!.justification).toContain("function 'one'");
    expect(results!.find(({ ruleId }) => ruleId === 'r-outside')!.suppressions).toEqual([]);
    expect(results!.at(-1)!.suppressions).toMatchObject([own, { kind: 'external' }]);
  });

  test('a function that the model did not read to its end is never suppressed', async () => {
    await prepare({ settings: { maxLength: 16 } });
    putLog(scannerRun(RESULTS));
    const { counts } = await triageJson('--suppress-below', '1');
    expect(counts).toMatchObject({ suppressed: 0, truncatedKept: 3 });
  });

  test('triaged again, it holds one entry of ours, and the rank that the scanner gave', async () => {
    await prepare();
    putLog(scannerRun(RESULTS));
    const first = (await triage('--format', 'sarif', '--suppress-below', '1')).stdout;
    writeFileSync(log, first);
    const again = await triageSarif('--suppress-below', '1');
    const one = again.results!.find(({ ruleId }) => ruleId === 'r-one')!;
    expect(one.suppressions).toHaveLength(1);
    expect(one.properties).toMatchObject({ 'original.rank': 12.5 });
    const without = await triageSarif();
    expect(without.results!.every(({ suppressions }) => suppressions!.length === 0)).toBe(true);
  });

  test('--out names a file: as SARIF where it is called so, and never the scanner’s own', async () => {
    await prepare();
    const text = putLog(scannerRun(RESULTS));
    const out = join(folder, 'triaged.sarif');
    const { stdout, stderr } = await triage('--out', out);
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('8 findings: 3 scored, 5 not scored')]);
    expect((JSON.parse(readFileSync(out, 'utf8')) as Log).runs[0]!.results).toHaveLength(8);
    expect((await triage('--out', log)).exitCode).toBe(2);
    expect(readFileSync(log, 'utf8')).toBe(text);
  });
});

describe('labels', () => {
  test.each([
    ['CSV', 'file,line,label\na.js,1,true\n./lib/b.js,2,false\nlib\\b.js,4,fp\nnone.js,3,true\n'],
    ['CSV without a header', 'a.js,1,1\nlib/b.js,2,0\nlib/b.js,4,false\nnone.js,3,true\n'],
    [
      'JSON lines',
      [
        ['a.js', 1, true],
        ['lib/b.js', 2, false],
        ['lib/b.js', 4, 'false positive'],
        ['none.js', 3, 1],
      ]
        .map(([file, line, label]) => JSON.stringify({ file, line, label }))
        .join('\n'),
    ],
  ])('of %s measure the order before and after', async (_what, text) => {
    await prepare();
    putLog(scannerRun(RESULTS));
    const labels = join(folder, 'labels.txt');
    writeFileSync(labels, text);
    const { measures } = await triageJson('--labels', labels);
    expect(measures).toMatchObject({ labelled: 3, real: 1, withoutLabel: 5, unused: 1, files: 2 });
    const { stdout } = await triage('--labels', labels);
    expect(stdout).toMatch(/average precision +\d\.\d{3} \[.*\] +\d\.\d{3}/);
    expect(stdout).toContain('1 labels match no finding');
  });

  test('out of the log: a property, or kind, which then scores what passes too', async () => {
    await prepare();
    putLog(
      scannerRun([
        result('r-pass', 'a.js', 1, { kind: 'pass', properties: { review: 'false positive' } }),
        result('r-fail', 'lib/b.js', 2, { kind: 'fail', properties: { review: 'TRUE_POSITIVE' } }),
      ]),
    );
    const byKind = await triageJson('--label-property', 'kind');
    expect(byKind.measures).toMatchObject({ labelled: 2, real: 1 });
    expect(byKind.counts).toMatchObject({ scored: 2 });
    expect((await triageJson('--label-property', 'review')).measures).toMatchObject({ labelled: 2, real: 1 });
    expect((await triage('--label-property', 'other')).stderr).toContain('no result has a label in "other"');
  });

  test.each([
    ['a.js,1,perhaps\n', 'the label is "perhaps", expected true or false'],
    ['a.js,1,true\na.js,1,false\n', 'a.js:1 is labelled true and false'],
    ['a.js,zero,true\n', '"line"'],
    ['', 'found no label'],
  ])('%j is refused by name', async (text, message) => {
    await prepare();
    putLog(scannerRun(RESULTS));
    const labels = join(folder, 'labels.csv');
    writeFileSync(labels, text);
    const { exitCode, stderr } = await triage('--labels', labels);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('TRIAGE_LABELS');
  });
});

test.each([
  ['not JSON', 'TRIAGE_SARIF'],
  ['null', 'TRIAGE_SARIF'],
  ['{"version": "2.0.0", "runs": []}', 'TRIAGE_SARIF'],
  ['{"version": "2.1.0", "runs": [{"tool": {}}]}', 'TRIAGE_SARIF'],
  ['{"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": [{"locations": 3}]}]}', 'TRIAGE_SARIF'],
])('the log %s is refused', async (text, code) => {
  await prepare();
  writeFileSync(log, text);
  const { exitCode, stderr } = await triage();
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(code)]);
});

test('no folder, no log: said by name', async () => {
  await prepare();
  expect((await triage()).stderr).toContain('FILE_MISSING');
  putLog(scannerRun(RESULTS));
  expect((await triage('--root', join(folder, 'nowhere'))).stderr).toContain('ROOT_MISSING');
});
