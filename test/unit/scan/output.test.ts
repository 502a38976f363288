import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import type { Log } from 'sarif';
import { describe, expect, test } from 'vitest';
import type { ScanReport } from '../../../src/scan/finding.ts';
import { codeFrame } from '../../../src/scan/output/code-frame.ts';
import { NOTICED } from '../../../src/scan/output/describe.ts';
import { githubReport } from '../../../src/scan/output/github.ts';
import { htmlReport } from '../../../src/scan/output/html.ts';
import { jsonReport } from '../../../src/scan/output/json.ts';
import { sarifReport } from '../../../src/scan/output/sarif.ts';
import { describeScore } from '../../../src/scan/output/score-words.ts';
import { textReport } from '../../../src/scan/output/text.ts';
import { everything, finding, namedCwes, report } from '../../support/scan-report.ts';

const plain = (text: string) => text;
const colors = { strong: plain, muted: plain, good: plain, bad: plain, warning: plain };
const textOf = (of: ScanReport, frames = 20) =>
  textReport(of, { colors, columns: 80, frames, displayPath: (file) => file });

/** The reference validator, which is there for the systems it was built for. */
function validator(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const folder = dirname(require.resolve('@microsoft/sarif-multitool-linux/package.json'));
    const program = join(folder, 'Sarif.Multitool');
    // What its install script does; users may have such scripts turned off.
    chmodSync(program, 0o755);
    return program;
  } catch {
    return undefined;
  }
}

describe('SARIF', () => {
  test.skipIf(validator() === undefined)('the reference validator finds no error and no warning', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vultune-sarif-'));
    try {
      const reports = [everything, report({ findings: [] }), report({ complete: false }), namedCwes];
      const files = reports.map((one, i) => {
        const file = join(folder, `${i}.sarif`);
        writeFileSync(file, sarifReport(one, { results: 4, gzipBytes: 1e6 }).text);
        return file;
      });
      const { stdout, error } = spawnSync(
        validator()!,
        ['validate', ...files, '--rule-kind', 'Sarif;Ghas', '--level', 'Error;Warning'],
        { encoding: 'utf8', env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' } },
      );
      expect(error).toBeUndefined();
      expect(stdout).toContain('Analysis completed successfully');
      expect(stdout).toContain('4 files scanned');
      expect(stdout.match(/.*(error|warning) .*/g)).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const parsed = (of: ScanReport, limits?: { results: number; gzipBytes: number }) => {
    const { text, cut } = sarifReport(of, limits);
    return { run: (JSON.parse(text) as Log).runs[0]!, cut };
  };

  test('says what was found where, how sure, and under which fingerprint', () => {
    const { run } = parsed(everything);
    expect(run.results![0]).toMatchObject({
      ruleId: 'VUL1001',
      level: 'warning',
      rank: 75,
      partialFingerprints: { 'vultuneFunction/v1': 'f'.repeat(22) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'src/a%20b.js', uriBaseId: 'SRCROOT' },
            region: { startLine: 3, startColumn: 1, endLine: 5, endColumn: 2 },
          },
        },
      ],
    });
    expect(run.results![1]!.locations![0]!.physicalLocation!.artifactLocation!.uri).toBe(
      'file:///elsewhere/%C3%BC.js',
    );
    expect(run.results!.at(-1)!.suppressions).toEqual([
      { kind: 'inSource', status: 'accepted', justification: 'checked' },
    ]);
    expect(run.results![0]!.suppressions).toEqual([]);
    expect(JSON.stringify(run)).not.toContain('codeFlows');
  });

  test('a scan that was stopped is not called a success', () => {
    expect(parsed(report({ complete: false })).run.invocations![0]!.executionSuccessful).toBe(false);
    expect(parsed(report()).run.invocations![0]!.executionSuccessful).toBe(true);
  });

  test('keeps to the limits of sites, drops the least certain, and says so', () => {
    const findings = Array.from({ length: 5001 }, (_, i) =>
      finding({ fingerprint: `${i}`, score: 1 - i / 1e4 }),
    );
    const { run, cut } = parsed(report({ findings }));
    expect([run.results!.length, cut]).toEqual([5000, 1]);
    expect(run.results!.at(-1)!.partialFingerprints).toEqual({ 'vultuneFunction/v1': '4999' });
    expect(run.invocations![0]!.toolExecutionNotifications!.at(-1)!.message.text).toContain(': 1,');
    const small = parsed(report({ findings: findings.slice(0, 1000) }), { results: 5000, gzipBytes: 4000 });
    expect(small.cut).toBeGreaterThan(0);
    expect(small.run.results!.length + small.cut).toBe(1000);
  });
});

describe('what the model was measured to be', () => {
  const measuredTo = (low: number, split: 'valid' | 'test' = 'test') => ({
    split,
    functions: 40,
    rocAuc: low + 0.01,
    low,
    high: low + 0.02,
  });
  const ruleOf = (measured: ScanReport['measured']) => {
    const { tool, results } = (JSON.parse(sarifReport(report({ measured })).text) as Log).runs[0]!;
    const { properties, defaultConfiguration } = tool.driver.rules![0]!;
    const severity = (properties as Record<string, unknown>)['security-severity'];
    return [results![0]!.level, defaultConfiguration!.level, properties!.precision, severity];
  };

  test.each<[string, ScanReport['measured'], unknown[]]>([
    ['never', undefined, ['note', 'note', 'low', undefined]],
    ['no better than chance', measuredTo(0.5), ['note', 'note', 'low', undefined]],
    ['worse than chance', measuredTo(0.2), ['note', 'note', 'low', undefined]],
    ['barely better', measuredTo(0.51), ['warning', 'warning', 'low', '4.0']],
    ['well', measuredTo(0.8), ['warning', 'warning', 'medium', '7.0']],
    ['very well', measuredTo(0.95), ['warning', 'warning', 'high', '7.0']],
    ['very well, on validation', measuredTo(0.95, 'valid'), ['warning', 'warning', 'medium', '7.0']],
  ])('SARIF follows it: %s', (_, measured, expected) => {
    expect(ruleOf(measured)).toEqual(expected);
  });

  test('annotations of a model that shows nothing are notices, ten in all', () => {
    const findings = Array.from({ length: 12 }, (_, i) =>
      finding(i < 6 ? {} : { band: 'uncertain', score: 0.4 }),
    );
    const text = githubReport(report({ findings, measured: measuredTo(0.5) }));
    expect(text.match(/^::notice /gm)).toHaveLength(10);
    expect(text).not.toContain('::warning');
    expect(text).toContain('2 more are not shown');
  });

  test.each<[string, (of: ScanReport) => string]>([
    ['text', (of) => textOf(of)],
    ['json', jsonReport],
    ['sarif', (of) => sarifReport(of).text],
    ['html', htmlReport],
    ['github', githubReport],
  ])('%s says it, and what the bands are', (_, format) => {
    expect(format(report())).toMatch(
      /ROC AUC 0\.84 \(95%(25)?: 0\.78 to 0\.90\) on the 95 functions of its test part/,
    );
    expect(format(report({ measured: undefined }))).toContain('never measured');
    expect(format(report())).toContain('uncertain from 0.333 (half the odds of the threshold)');
    expect(format(report({ threshold: 0.5, uncertainFrom: 0.5 }))).toContain(
      '0.500 on, none uncertain, safe',
    );
  });
});

describe('a score beside its threshold', () => {
  test.each([
    [0.83, 0.61, 'score 0.830, above the threshold 0.610'],
    [0.011, 0.5, 'score 0.011, below the threshold 0.500'],
    [0.5, 0.5, 'score 0.500, at the threshold'],
    [0.50004, 0.5, 'score 0.50004, above the threshold 0.50000'],
  ])('%d against %d', (score, threshold, said) => {
    expect(describeScore(score, threshold)).toBe(said);
  });

  test('what is said to be above is not written as equal', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b) => {
          fc.pre(a !== b);
          const [, shown, limit] = /score (\S+), \S+ the threshold (\S+)$/.exec(describeScore(a, b))!;
          expect(shown).not.toBe(limit);
        },
      ),
    );
  });
});

describe('workflow commands', () => {
  test('place and message', () => {
    const [line] = githubReport(report()).split('\n');
    expect(line).toMatch(
      /^::warning file=src\/a b\.js,line=3,endLine=5,title=[^:,]+::Function 'Server.listen' looks vulnerable: score 0\.750, above the threshold 0\.500\./,
    );
  });

  test('no name in a source can write a command or end a property', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, file) => {
        const findings = [finding({ name, file: `${file},line=9::x` }), finding({ band: 'uncertain', name })];
        const lines = githubReport(
          report({ findings, noticed: [{ reason: 'binary', count: 1, examples: [name] }] }),
        )
          .trimEnd()
          .split(/\r\n|\r|\n/);
        expect(lines).toHaveLength(6);
        expect(lines.filter((line) => line.trimStart().startsWith('::'))).toHaveLength(2);
        expect(lines.slice(2).join('\n')).not.toContain('##[');
        expect(lines[0]!.slice('::warning '.length).split('::')[0]!.split(',')).toHaveLength(4);
      }),
    );
  });

  test('escapes are for commands alone: a line of the log is read as it stands', () => {
    const noticed = [
      { reason: 'binary', count: 1, examples: ['50%.js', ' ::error::x', '##[error]x'] },
    ] as const;
    const text = githubReport(report({ findings: [finding({ file: '50%.js' })], noticed }));
    expect(text).toContain('file=50%25.js');
    expect(text.split('\n').slice(1).join('\n')).not.toContain('%25');
    expect(text).not.toContain('##[');
  });

  test('as many as a site shows, and what is missing is said', () => {
    const text = githubReport(report({ findings: Array.from({ length: 12 }, () => finding()) }));
    expect(text.match(/^::warning /gm)).toHaveLength(10);
    expect(text).toContain('2 more are not shown');
  });
});

describe('text', () => {
  test('nothing out of a source steers the terminal', () => {
    const control = '\u001b[2J\u009b31m\u202e';
    const text = textOf(
      report({ findings: [finding({ name: control, code: `a${control}\n\tb`, file: control })] }),
    );
    expect(['\u001b', '\u009b', '\u202e', '\t'].filter((character) => text.includes(character))).toEqual([]);
  });

  test('lines that mattered are marked, the first is always there', () => {
    const code = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n');
    const lineScores = Array.from({ length: 30 }, (_, i) => (i === 20 ? 2 : i === 25 ? 1.5 : 0.1));
    const text = textOf(report({ findings: [finding({ code, lineScores, startLine: 1, endLine: 30 })] }));
    expect(text.match(/^> *\d.*/gm)).toEqual([
      expect.stringContaining('line 20'),
      expect.stringContaining('line 25'),
    ]);
    expect(text).toContain('1 │ line 0');
    expect(text).toContain('> lines that pushed the score most');
  });

  test("the editor's problem matcher reads the headlines, and no other line", () => {
    const tasks = readFileSync(resolve(import.meta.dirname, '../../../examples/editor/tasks.json'), 'utf8');
    const { regexp } = (JSON.parse(tasks) as { tasks: { problemMatcher: { pattern: { regexp: string } } }[] })
      .tasks[0]!.problemMatcher.pattern;
    const lines = textOf({ ...everything, suppressed: [], changed: everything.findings }, 1).split('\n');
    const matches = lines.flatMap((line) =>
      [...line.matchAll(new RegExp(regexp, 'g'))].map((match) => match.slice(1, 5)),
    );
    expect(matches).toEqual([
      ['src/a b.js', '3', '1', 'vulnerable'],
      ['/elsewhere/ü.js', '3', '1', 'uncertain'],
      ['src/a b.js', '3', '1', 'vulnerable'],
    ]);
  });

  test('long lists end', () => {
    const text = textOf(report({ findings: Array.from({ length: 300 }, () => finding()) }), 5);
    expect(text).toContain('and 95 more findings');
  });

  test.each([
    ['a method: its end is at the margin', 5, 'f() {\n      g();\n    }', ['f() {', '  g();', '}']],
    ['Python: the body stays indented', 5, 'def f():\n        return 1', ['def f():', '    return 1']],
    ['Python at the margin', 1, 'def f():\n    return 1', ['def f():', '    return 1']],
    ['in the middle of a line', 15, '() => {\n  g();\n}', ['() => {', '  g();', '}']],
  ])('a frame keeps what is indented within: %s', (_, startColumn, code, expected) => {
    const frame = codeFrame({ code, startLine: 1, startColumn }, undefined, 9);
    expect(frame.map(({ text }) => text)).toEqual(expected);
  });

  test('a frame has at most as many lines as asked for, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        (scores, most, scored) => {
          const code = scores.map((_, i) => `${i}`).join('\n');
          const lines = codeFrame({ code, startLine: 7, startColumn: 1 }, scored ? scores : undefined, most);
          expect(lines.length).toBe(Math.min(most, scores.length));
          expect(lines[0]!.number).toBe(7);
          for (const { number, text } of lines) expect(text).toBe(`${number - 7}`);
          expect(lines.map(({ number }) => number)).toEqual(
            lines.map(({ number }) => number).toSorted((a, b) => a - b),
          );
        },
      ),
    );
  });
});

describe('html', () => {
  test('whatever a source says, the page has the same elements', () => {
    const tagsOf = (text: string) =>
      htmlReport(
        report({
          findings: [
            finding({
              name: text,
              file: text,
              code: `x${text}`,
              nearest: { id: text, cve: text, similarity: 1 },
            }),
          ],
          suppressed: [finding({ name: text, suppression: { reason: text, line: 1 } })],
          noticed: [{ reason: 'binary', count: 1, examples: [text] }],
          run: text,
        }),
      ).match(/<[a-z][^>]*>/gi);
    const expected = tagsOf('plain');
    const mean = fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=y>',
      "' autofocus='",
      '</code>',
    );
    fc.assert(
      fc.property(fc.oneof(mean, fc.string()), (text) => {
        const bare = (tags: readonly string[] | null) => tags!.map((tag) => tag.split(/[ >]/)[0]);
        // Line breaks are lines of the frame.
        const found = tagsOf(text.replaceAll(/[\r\n]/g, ' '));
        expect(bare(found)).toEqual(bare(expected));
      }),
    );
  });

  test('shows everything that the others show', () => {
    const text = htmlReport({ ...everything, changed: everything.findings });
    for (const shown of ['Server.listen', 'CVE-2020-1', 'checked', '7 binary', 'New function', '0.750']) {
      expect(text).toContain(shown);
    }
  });
});

describe('the settings that a scan went by', () => {
  const settings = { file: './vultune.yaml', keys: ['run', 'exclude'] };

  test('are named in JSON, SARIF and HTML', () => {
    const used = report({ settings });
    expect(JSON.parse(jsonReport(used))).toMatchObject({ settings });
    const log = JSON.parse(sarifReport(used).text) as Log;
    expect(log.runs[0]!.invocations![0]).toMatchObject({ properties: { settings } });
    expect(htmlReport(used)).toContain('Settings: ./vultune.yaml (run, exclude).');
  });

  test('are not named where there were none', () => {
    for (const text of [jsonReport(report()), sarifReport(report()).text, htmlReport(report())])
      expect(text).not.toMatch(/"settings"|Settings:/);
  });
});

describe('what was left out', () => {
  const reasons = Object.keys(NOTICED) as (keyof typeof NOTICED)[];
  const noticed = reasons.map((reason, i) => ({ reason, count: 1000 + i, examples: [`example-${i}`] }));
  const sarifNotes = (of: ScanReport) =>
    (JSON.parse(sarifReport(of).text) as Log).runs[0]!.invocations![0]!.toolExecutionNotifications!.map(
      ({ message }) => message.text,
    ).join('\n');

  test.each<[string, (of: ScanReport) => string]>([
    ['text', (of) => textOf(of, 0)],
    ['GitHub', githubReport],
    ['SARIF', sarifNotes],
    ['HTML', htmlReport],
  ])('is counted by every reason in %s', (_, format) => {
    const said = format(report({ noticed }));
    for (const { reason, count, examples } of noticed) {
      expect(said, reason).toContain(`${count} ${NOTICED[reason][2]} (${examples[0]}, ...)`);
    }
  });

  test('is counted in JSON as it is', () => {
    expect(JSON.parse(jsonReport(report({ noticed })))).toMatchObject({ noticed });
  });
});
