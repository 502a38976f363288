/** @file A model asked about functions, from the command line to the run folder, and what other commands make of that folder. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { compareCommand } from '../../../src/cli/commands/compare.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { linesCommand } from '../../../src/cli/commands/lines.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { promptCommand } from '../../../src/cli/commands/prompt.ts';
import { reportCommand } from '../../../src/cli/commands/report.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { triageCommand } from '../../../src/cli/commands/triage.ts';
import { runCompare } from '../../../src/cli/compare/run-compare.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { runLines } from '../../../src/cli/lines/run-lines.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runPrompt } from '../../../src/cli/prompt/run-prompt.ts';
import { runReport } from '../../../src/cli/report/run-report.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { runTriage } from '../../../src/cli/triage/run-triage.ts';
import { memoryAnswerCache } from '../../../src/prompting/answer-cache.ts';
import { answerTokens } from '../../../src/prompting/answer-words.ts';
import { LocalPrompter } from '../../../src/prompting/local-prompter.ts';
import { readPrompt } from '../../../src/prompting/prompt-file.ts';
import { fillPrompt, plainPrompt } from '../../../src/text/chat/prompt-template.ts';
import { workflowContext } from '../../../src/workflows/context.ts';
import { openGenerator } from '../../../src/workflows/generate/open-generator.ts';
import { agentTools } from '../../../src/workflows/mcp/agent-tools.ts';
import { serveScan } from '../../../src/workflows/serve/serve-scan.ts';
import { openScoring } from '../../../src/workflows/triage/scoring.ts';
import { realRootOf } from '../../../src/workflows/triage/triage.ts';
import { chatServer, completion, sendJson } from '../../support/chat-server.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyBase } from '../../support/tiny-adapter.ts';

let folder = '';
let base = '';
let data = '';
const COMMANDS = [
  promptCommand(runPrompt),
  evaluateCommand(runEvaluate),
  compareCommand(runCompare),
  reportCommand(runReport),
  predictCommand(runPredict),
  scanCommand(runScan),
  linesCommand(runLines),
  triageCommand(runTriage),
];
const run = async (...words: string[]) => {
  const { exitCode: code, ...said } = await cliCase(COMMANDS, words);
  return { code, ...said };
};
const CODES = Array.from({ length: 8 }, (_, i) => `int f${i}(char *s) { return s[${i * 7}]; }`);
const PROMPT = { id: 'own', user: 'Bad? {code}', answers: { yes: ['yes'], no: ['no'] } };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-prompt-'));
  base = join(folder, 'base');
  writeTinyBase(base, 'llama');
  data = join(folder, 'data.jsonl');
  const lines = CODES.map((code, i) => JSON.stringify({ id: `f${i}`, code, target: i % 2 }));
  writeFileSync(data, `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'own.yaml'), JSON.stringify(PROMPT));
});
beforeEach(() => {
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
  vi.stubEnv('OPENAI_API_KEY', 'a-secret-key');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a model on this machine', () => {
  test('gives the odds of its next token, of the whole prompt, and what is neither beside them', async () => {
    const generator = await openGenerator(base);
    const cache = memoryAnswerCache();
    const options = { template: PROMPT, answer: 'odds', maxNewTokens: 4, cache, identity: 'tiny' } as const;
    const prompter = new LocalPrompter(generator, options);
    expect(prompter.hasTemplate).toBe(false);
    const answers = await prompter.ask(CODES.slice(0, 2));
    const groups = answerTokens(PROMPT.answers, generator.tokenizer);
    const prompts = CODES.slice(0, 2).map((code) => plainPrompt(fillPrompt(PROMPT, code)));
    const { data: expected } = await generator.scoreNextToken(prompts, groups);
    for (const [i, { score, outside, truncated }] of answers.entries()) {
      const [yes, no] = [expected[2 * i]!, expected[2 * i + 1]!];
      expect(score).toBeCloseTo(yes / (yes + no), 12);
      expect(outside).toBeCloseTo(1 - yes - no, 12);
      expect(truncated).toBe(false);
    }
    // From the cache the same.
    expect(await prompter.ask(CODES.slice(0, 2))).toEqual(answers);
    await prompter.close();
  });

  test('reads a prompt that is too long with the function cut, never the question', async () => {
    const generator = await openGenerator(base);
    const asked: (readonly number[])[] = [];
    const score = generator.scoreNextToken.bind(generator);
    vi.spyOn(generator, 'scoreNextToken').mockImplementation(async (prompts, ...rest) => {
      asked.push(...(prompts as readonly (readonly number[])[]));
      return await score(prompts, ...rest);
    });
    const template = { ...PROMPT, user: 'Bad? {code} Say so.' };
    const options = {
      template,
      answer: 'odds',
      maxLength: 60,
      maxNewTokens: 4,
      cache: memoryAnswerCache(),
    } as const;
    const prompter = new LocalPrompter(generator, options);
    const [long, short] = await prompter.ask(['abcdefghij'.repeat(20), 'x']);
    expect([long!.truncated, short!.truncated]).toEqual([true, false]);
    const text = generator.tokenizer.decode(asked[0]!);
    expect(asked[0]).toHaveLength(60);
    expect(text).toMatch(/^Bad\? abcdefghij.* Say so\.\n\nAnswer:$/);
    const tooLong = { ...template, user: `${'Bad? '.repeat(20)}{code}` };
    await expect(
      new LocalPrompter(generator, { ...options, template: tooLong }).ask(['f']),
    ).rejects.toMatchObject({
      code: 'PROMPT_TOO_LONG',
      message: expect.stringMatching(/without a function, expected at most 60/),
    });
    await prompter.close();
  });

  test('says how far it is after each pass, not after eight functions; answers that are kept count at once', async () => {
    const generator = await openGenerator(base);
    const cache = memoryAnswerCache();
    const options = { template: PROMPT, answer: 'odds', maxNewTokens: 4, cache, identity: 'tiny' } as const;
    const prompter = new LocalPrompter(generator, options);
    // Cut to what the model reads: together they are more than one pass.
    const codes = CODES.map((code) => code.slice(4).repeat(40));
    await prompter.ask(codes.slice(0, 1));
    const told: number[] = [];
    await prompter.ask(codes, { onProgress: ({ functions }) => told.push(functions) });
    expect(told[0]).toBeGreaterThan(1);
    expect(told[0]).toBeLessThan(8);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(8);
    await prompter.close();
  });

  test('with a chat template is asked through it; its text is classified where that is asked for', async () => {
    const chat = join(folder, 'chat');
    writeTinyBase(chat, 'llama');
    writeFileSync(
      join(chat, 'chat_template.jinja'),
      "{% for m in messages %}{{ '[' + m.role + ']' + m.content }}{% endfor %}{{ eos_token }}",
    );
    const { stderr, stdout } = await run(
      'prompt',
      chat,
      '--prompt',
      join(folder, 'own.yaml'),
      '--data',
      data,
      '--answer',
      'text',
      '--max-new-tokens',
      '3',
      '--json',
      '--resamples',
      '20',
    );
    expect(stderr).toContain("goes through the model's chat template");
    const { answers } = JSON.parse(stdout) as { answers: Record<string, number> };
    expect(answers.functions).toBe(8);
    // Three tokens of a random model are no answer.
    expect(answers.unclassified).toBe(8);
    expect(answers.f1).toBe(0);
  });
});

describe('a run of a prompted model', () => {
  let out = '';
  beforeAll(async () => {
    vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
    out = join(folder, 'run');
    const { code, stderr } = await run(
      'prompt',
      base,
      '--prompt',
      join(folder, 'own.yaml'),
      '--data',
      data,
      '--train',
      data,
      '--out',
      out,
      '--resamples',
      '20',
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('no chat template')]);
    // In a log this stands there until the first answers come.
    expect(stderr).toContain('asking about 8 functions\n');
  }, 120_000);

  test('has its answers, its figures, its prompt and its page', () => {
    const lines = readFileSync(join(out, 'predictions', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(8);
    const metrics = JSON.parse(readFileSync(join(out, 'metrics.json'), 'utf8')) as Record<string, object>;
    expect(metrics.prompt).toMatchObject({ prompt: 'own', functions: 8, unclassified: 0 });
    expect(metrics.test).toHaveProperty('baselines.tfidfLogisticRegression');
    expect(JSON.parse(readFileSync(join(out, 'prompt.json'), 'utf8'))).toMatchObject({
      template: PROMPT,
      model: base,
    });
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Bad? {code}');
  });

  test('is evaluated as it is, without the model, and on other functions with it', async () => {
    const own = await run('evaluate', out, '--json', '--resamples', '20');
    expect([own.code, JSON.parse(own.stdout)]).toEqual([0, expect.objectContaining({ functions: 8 })]);
    const other = join(folder, 'other.jsonl');
    writeFileSync(other, readFileSync(data, 'utf8').replaceAll('int f', 'long g'));
    const moved = await run('evaluate', out, '--data', other, '--json', '--resamples', '20');
    expect([moved.code, JSON.parse(moved.stdout)]).toEqual([0, expect.objectContaining({ functions: 8 })]);
  });

  test('is compared with another one, and reported', async () => {
    const second = join(folder, 'second');
    await run('prompt', base, '--prompt', 'pd-1', '--data', data, '--out', second, '--resamples', '20');
    const compared = await run('compare', out, second, '--resamples', '20');
    expect([compared.code, compared.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    const page = join(folder, 'page.html');
    expect((await run('report', out, second, '--out', page)).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toContain('second');
  });

  test('predicts and scans', async () => {
    const { stdout, code } = await run('predict', out, '--data', data);
    const predicted = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { score: number });
    const own = readFileSync(join(out, 'predictions', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { score: number });
    expect(code).toBe(0);
    expect(predicted.map(({ score }) => score)).toEqual(own.map(({ score }) => score));
    mkdirSync(join(folder, 'tree'), { recursive: true });
    writeFileSync(join(folder, 'tree', 'a.c'), CODES.join('\n\n'));
    const scanned = await run('scan', out, join(folder, 'tree'), '--format', 'json', '--fail-on', 'none');
    expect(scanned.code).toBe(0);
    const report = JSON.parse(scanned.stdout) as { counts?: object };
    expect(JSON.stringify(report)).toContain('more yes than no');
  });

  test("ranks another scanner's findings, each with the score of its function", async () => {
    mkdirSync(join(folder, 'triaged'), { recursive: true });
    writeFileSync(join(folder, 'triaged', 'a.c'), CODES.join('\n\n'));
    const log = join(folder, 'log.sarif');
    const results = [1, 5].map((startLine) => ({
      ruleId: 'r',
      message: { text: 'm' },
      locations: [{ physicalLocation: { artifactLocation: { uri: 'a.c' }, region: { startLine } } }],
    }));
    const driver = { name: 'other', rules: [] };
    writeFileSync(log, JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver }, results }] }));
    const words = ['triage', out, log, '--root', join(folder, 'triaged'), '--format', 'json'];
    const { code, stdout } = await run(...words);
    const { findings } = JSON.parse(stdout) as { findings: { score: number; line: number }[] };
    const own = readFileSync(join(out, 'predictions', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { score: number }).score);
    expect(code).toBe(0);
    expect(findings.map(({ score }) => score)).toEqual([own[0]!, own[2]!].toSorted((a, b) => b - a));
  });

  test('explains lines by taking each one out, never by a gradient', async () => {
    const code = 'int f(char *s) {\n\n  return zzz;\n}';
    const file = join(folder, 'lines.jsonl');
    writeFileSync(file, `${JSON.stringify({ id: 'f', code, target: 1 })}\n`);
    const { stdout } = await run('lines', out, '--data', file, '--json');
    const { method, functions } = JSON.parse(stdout) as {
      method: string;
      functions: { score: number; line_scores: number[]; read_lines: number[] }[];
    };
    expect(method).toBe('occlusion');
    const [{ score, line_scores: scores, read_lines: read }] = functions as [(typeof functions)[0]];
    expect(read).toEqual([1, 3, 4]);
    const generator = await openGenerator(base);
    const groups = answerTokens(PROMPT.answers, generator.tokenizer);
    const texts = [code, 'int f(char *s) {\n\n\n}'];
    const { data: odds } = await generator.scoreNextToken(
      texts.map((text) => plainPrompt(fillPrompt(PROMPT, text))),
      groups,
    );
    await generator.close();
    expect(score).toBeCloseTo(odds[0]! / (odds[0]! + odds[1]!), 6);
    const margin = (row: number) => Math.log(odds[2 * row]! / odds[2 * row + 1]!);
    expect(scores[2]).toBeCloseTo(margin(0) - margin(1), 4);
    expect(scores[1]).toBe(0);
    // Cut to what the prompt leaves room for: what is behind it is not read.
    const cut = JSON.parse(
      (await run('lines', out, '--data', file, '--json', '--max-length', '28')).stdout,
    ) as {
      functions: { read_lines: number[]; truncated: boolean }[];
    };
    expect(cut.functions[0]).toMatchObject({ read_lines: [1], truncated: true });
    const refused = await run('lines', out, '--data', file, '--method', 'gradient');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('LINES_PROMPTED')]);
  });

  test('is no source of lines where its answers are texts', async () => {
    const texts = join(folder, 'texts');
    const asked = [
      'prompt',
      base,
      '--prompt',
      'pd-1',
      '--data',
      data,
      '--answer',
      'text',
      '--max-new-tokens',
      '2',
    ];
    await run(...asked, '--out', texts, '--resamples', '20');
    const { code, stderr } = await run('lines', texts, '--data', data);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/LINES_PROMPTED[\s\S]*--answer odds/)]);
  });

  test('serves scores, and answers agents', async () => {
    const own = (
      JSON.parse(readFileSync(join(out, 'predictions', 'test.jsonl'), 'utf8').split('\n')[0]!) as {
        score: number;
      }
    ).score;
    const ending = new AbortController();
    const { url, closed } = await serveScan({ run: out, port: 0 }, { signal: ending.signal });
    const response = await fetch(`${url}/v1/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ functions: [{ code: CODES[0] }] }),
    });
    const served = (await response.json()) as { functions: { score: number }[] };
    expect(served.functions[0]!.score).toBe(own);
    ending.abort();
    await closed;

    const root = join(folder, 'workspace');
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'a.c'), 'int f(char *s) {\n  return s[0];\n}\n');
    const context = workflowContext();
    const scoring = await openScoring({ run: out, root: realRootOf(root) }, context);
    const tools = agentTools({ scoring, run: out, root: realRootOf(root), context });
    const call = async (name: string, input: object) =>
      (await tools.find((tool) => tool.name === name)!.run(input as never, context.signal)) as never as {
        functions: { score: number }[];
        lines: { line: number }[];
        model: { worth: string };
      };
    expect((await call('score_functions', { functions: [{ code: CODES[0] }] })).functions[0]!.score).toBe(
      own,
    );
    const explained = await call('explain_lines', { path: 'a.c' });
    expect(explained.lines.every(({ line }) => line >= 1 && line <= 3)).toBe(true);
    expect(tools.map((tool) => tool.description).join()).toContain('a prompted model');
    await scoring.model.close();
  });

  test('is not taken for one with an adapter, nor for another prompt when it was edited', async () => {
    await expect(openGenerator(out)).rejects.toMatchObject({
      code: 'ADAPTER_MISSING',
      message: expect.stringMatching(/prompted model/),
    });
    const broken = join(folder, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'prompt.json'), '{"formatVersion": 1}');
    const { code, stderr } = await run('predict', broken, '--data', data);
    expect([code, stderr]).toEqual([2, expect.stringContaining('PROMPT_RUN_BROKEN')]);
  });

  test('of some functions has a copy of them', async () => {
    const some = join(folder, 'some');
    await run(
      'prompt',
      base,
      '--prompt',
      'pd-1',
      '--data',
      data,
      '--limit',
      '4',
      '--out',
      some,
      '--resamples',
      '20',
    );
    const evaluated = await run('evaluate', some, '--json', '--resamples', '20');
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ functions: 4 });
    const again = await run('prompt', base, '--prompt', 'pd-1', '--data', data, '--out', some);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('RUN_EXISTS')]);
  });
});

describe('an endpoint', () => {
  const prompt = readPrompt('pd-1');

  test('is asked, resumed, counted, and nothing of the run holds the key', async () => {
    const server = await chatServer(({ body, response }) => {
      const isEven = /f[0246]\(/.test(body.messages[0]!.content);
      sendJson(response, completion(isEven ? 'No' : 'Hm'));
    });
    try {
      const out = join(folder, 'endpoint');
      const words = [
        'prompt',
        'm',
        '--endpoint',
        server.url,
        '--prompt',
        prompt.id,
        '--data',
        data,
        '--resamples',
        '20',
      ];
      const dry = await run(...words, '--dry-run');
      expect(dry.stdout).toMatch(
        /^8 calls \(0 answers are kept\): \d+ tokens of prompts, at most 128 of answers, an estimate/,
      );
      expect(server.calls).toEqual([]);
      await run(...words, '--limit', '5');
      const { code, stdout, stderr } = await run(...words, '--out', out);
      expect([code, server.calls.length]).toEqual([0, 8]);
      expect(stdout).toMatch(/pd-1\s+4 of 8\s+–\s+0\.000\s+0\.000/);
      expect(stderr).toMatch(/3 calls, 5 answers from the cache/);
      const csv = readFileSync(join(out, 'unclassified.csv'), 'utf8');
      const labels = join(folder, 'labels.csv');
      writeFileSync(labels, csv.replaceAll(/,\n/g, ',yes\n'));
      const labelled = await run(...words, '--labels', labels);
      expect(labelled.stdout).toMatch(/pd-1\s+0 of 8\s+1\.000\s+1\.000\s+1\.000/);
      expect(server.calls.length).toBe(8);
      for (const name of [
        'run.json',
        'prompt.json',
        'events.jsonl',
        'metrics.json',
        'report.html',
        'predictions/test.jsonl',
      ]) {
        expect(readFileSync(join(out, name), 'utf8')).not.toContain('a-secret-key');
      }
      const refused = await run('predict', out, '--data', data);
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringContaining('PROMPT_ENDPOINT_NOT_ALLOWED'),
      ]);
      await expect(openScoring({ run: out, root: folder }, workflowContext())).rejects.toMatchObject({
        code: 'PROMPT_ENDPOINT_NOT_ALLOWED',
      });
      const allowed = await run('predict', out, '--data', data, '--allow-endpoint');
      expect([allowed.code, allowed.stderr]).toEqual([
        0,
        expect.stringContaining(`functions are sent to ${server.url}`),
      ]);
    } finally {
      await server.close();
    }
  });

  test.each([
    [['--prices', 'x.yaml'], /--prices needs --endpoint/],
    [['--endpoint', 'nowhere'], /not a URL/],
    [['--endpoint'], /OPENAI_BASE_URL is not set/],
    [['--endpoint', 'http://localhost:1/v1', '--max-cost', '1'], /without prices/],
  ])('%j is refused', async (words, message) => {
    vi.stubEnv('OPENAI_BASE_URL', '');
    const { code, stderr } = await run('prompt', base, '--prompt', 'pd-1', '--data', data, ...words);
    expect([code, stderr.replaceAll(/\s+/g, ' ')]).toEqual([2, expect.stringMatching(message)]);
  });
});
