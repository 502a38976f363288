/** @file Scans by a model that was trained on functions with context: the texts are those of the dataset builder, and so are the scores. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CONTEXT_KINDS, type ContextOptions } from '../../../src/dataset/changes/function-context.ts';
import { lines, predict, scan, triage } from '../../../src/index.ts';
import { noOutlineIndex } from '../../../src/scan/cache/outline-index.ts';
import { fileScoreCache } from '../../../src/scan/cache/score-cache.ts';
import { scanFiles } from '../../../src/scan/scan-files.ts';
import { Notices } from '../../../src/scan/walk/notices.ts';
import { build, fixSource } from '../../support/fix-source.ts';
import { inProcessPool } from '../../support/in-process-pool.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-scan-context-')));
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const head = "// Written by somebody.\nimport { open } from 'node:fs';\n\n";
const check = (how: string) => `function check(name) {\n  return ${how};\n}\n`;
const read = (guard: string) => `function read(name) {\n  ${guard}\n  return open(check(name), 'r');\n}\n`;
const main = 'function main(argv) {\n  read(argv[1]);\n  return read(argv[2]);\n}\n';
const source = (guard = '', how = "name + '.txt'") => head + check(how) + read(guard) + main;

/** Scans a.js with a judge that remembers the texts; scores are kept in the folder. */
async function scanned(text: string, functionContext: ContextOptions | undefined) {
  const path = join(folder, 'a.js');
  writeFileSync(path, text);
  const texts: string[] = [];
  const notices = new Notices();
  await scanFiles({
    files: [{ path, language: 'javascript' }],
    functionContext,
    openPool: () => inProcessPool(),
    openJudge: async () => ({
      judge: async (codes) => {
        texts.push(...codes);
        return { scores: new Float64Array(codes.length), truncated: codes.map(() => false) };
      },
    }),
    outlines: noOutlineIndex(),
    scores: fileScoreCache(folder, 'key', () => expect.unreachable()),
    notices,
    signal: new AbortController().signal,
    onFunction: () => {},
    onSuppressionProblem: () => {},
    onProgress: () => {},
  });
  const counts = Object.fromEntries(notices.list().map(({ reason, count }) => [reason, count]));
  return { texts, counts };
}

describe('texts', () => {
  test.each(CONTEXT_KINDS.flatMap((kind) => [100, 12].map((maxTokens) => ({ kind, maxTokens }))))(
    'a function with $kind of up to $maxTokens words is read as the dataset has it',
    async ({ kind, maxTokens }) => {
      const [before, after] = [source(), source("if (name.includes('..')) throw new Error('no');")];
      const { records } = await build(folder, {
        sources: [fixSource([{ files: [{ path: 'a.js', before, after }] }])],
        context: kind,
        contextMaxTokens: maxTokens,
      });
      const context = { kind, maxTokens };
      const texts = [...(await scanned(before, context)).texts, ...(await scanned(after, context)).texts];
      expect(records.length).toBeGreaterThan(2);
      for (const { code } of records) expect(texts).toContain(code);
      expect(records.every((record) => (record.context as ContextOptions).maxTokens === maxTokens)).toBe(
        true,
      );
      expect(texts.some((text) => text.includes('end of context'))).toBe(true);
    },
  );

  test('where a callee changes, its caller is scored again, and nothing else', async () => {
    const context = { kind: 'callees', maxTokens: 100 } as const;
    expect((await scanned(source(), context)).texts).toHaveLength(3);
    expect((await scanned(source(), context)).texts).toEqual([]);
    const changed = await scanned(source('', "name + '.md'"), context);
    expect(changed.texts.toSorted()).toEqual(
      [
        check("name + '.md'").trimEnd(),
        `${check("name + '.md'")}// end of context\n${read('').trimEnd()}`,
      ].toSorted(),
    );
  });

  test('functions without a context, and contexts that were cut, are counted', async () => {
    expect((await scanned(source(), { kind: 'callees', maxTokens: 100 })).counts).toEqual({
      'no context': 1,
    });
    expect((await scanned(source(), { kind: 'callers', maxTokens: 8 })).counts).toMatchObject({
      'context cut': 2,
      'no context': 1,
    });
    expect((await scanned(source(), undefined)).counts).not.toHaveProperty('no context');
  });

  test('a file whose contexts would fill the memory is refused and counted', async () => {
    const long = `function long() {\n  return "${'x'.repeat(1_000_000)}";\n}\n`;
    const many = Array.from({ length: 40 }, (_, i) => `function f${i}() { return long(${i}) + 1; }\n`);
    const { texts, counts } = await scanned(long + many.join(''), { kind: 'callees', maxTokens: 100 });
    expect(texts).toEqual([]);
    expect(counts).toEqual({ 'not parsed': 1 });
  });
});

describe('with a model', () => {
  const settings = { context: 'callees', contextMaxTokens: 100, maxLength: 512 };
  const called = `${check("name + '.txt'")}// end of context\n${read('').trimEnd()}`;

  async function scores(run: string, data: string): Promise<number[]> {
    return (await predict({ run, data })).map(({ score }) => score);
  }

  test('scan, triage, predict and lines give a function the score that its text in a dataset has', async () => {
    const run = await writeTinyRun(folder, { settings });
    const tree = join(folder, 'tree');
    mkdirSync(tree);
    const file = join(tree, 'a.js');
    writeFileSync(file, source());
    const data = join(folder, 'functions.jsonl');
    const code = [
      check("name + '.txt'").trimEnd(),
      called,
      `${read('')}// end of context\n${main.trimEnd()}`,
    ];
    writeFileSync(data, code.map((one) => `${JSON.stringify({ code: one })}\n`).join(''));
    const expected = await scores(run, data);

    expect(await scores(run, file)).toEqual(expected);
    const { report } = await scan({ run, paths: [tree], threshold: 0 });
    const byPlace = report.findings.toSorted((a, b) => a.startLine - b.startLine);
    expect(byPlace.map(({ score }) => score)).toEqual(expected);
    expect(report.cautions ?? []).not.toContainEqual(expect.stringContaining('context'));
    for (const { code: shown, lineScores } of byPlace) {
      expect(shown).not.toContain('end of context');
      expect(lineScores).toHaveLength(shown!.split('\n').length);
    }
    // Source code is kept nowhere.
    const kept = readdirSync(join(folder, 'cache', 'scan')).map((name) =>
      readFileSync(join(folder, 'cache', 'scan', name), 'utf8'),
    );
    expect(kept.join('')).not.toContain('end of context');

    const explained = (await lines({ run, data: file })).explained;
    const one = explained.find(({ input }) => input.name === 'read')!;
    expect(one.score).toBe(expected[1]);
    expect(one.explanation.scores).toHaveLength(read('').trimEnd().split('\n').length);
    expect(Array.from(one.explanation.scores, (score) => Number(score.toPrecision(4)))).toEqual(
      byPlace[1]!.lineScores,
    );

    // The last bits of a score depend on what goes through the model with it: one finding, one function.
    const single = join(folder, 'function.jsonl');
    writeFileSync(single, `${JSON.stringify({ code: called })}\n`);
    const log = join(folder, 'log.sarif');
    const region = { startLine: 9, startColumn: 10 };
    const location = { physicalLocation: { artifactLocation: { uri: 'a.js' }, region } };
    const result = { ruleId: 'r', message: { text: 'm' }, locations: [location] };
    const tool = { driver: { name: 't' } };
    writeFileSync(log, JSON.stringify({ version: '2.1.0', runs: [{ tool, results: [result] }] }));
    const triaged = await triage({ run, log, root: tree, cache: false });
    expect(triaged.report.findings.map(({ judged }) => judged?.score)).toEqual(await scores(run, single));
  });
});
