import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toolServer } from '../../../src/mcp/tool-server.ts';
import { workflowContext } from '../../../src/workflows/context.ts';
import { agentTools } from '../../../src/workflows/mcp/agent-tools.ts';
import { serveMcp } from '../../../src/workflows/mcp/serve-mcp.ts';
import { openScoring, type Scoring } from '../../../src/workflows/triage/scoring.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

let folder = '';
let root = '';
let run = '';
let cacheBefore: string | undefined;
let scoring: Scoring;
let client: Client;
const failures: unknown[] = [];

const LOG = {
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name: 'Other' } },
      results: [
        { ruleId: 'r1', message: { text: 'm' }, locations: [at('a.js', 2)] },
        { ruleId: 'r2', message: { text: 'm' }, locations: [at('../secret.js', 1)] },
      ],
    },
  ],
};

function at(uri: string, startLine: number): object {
  return { physicalLocation: { artifactLocation: { uri }, region: { startLine } } };
}

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-mcp-')));
  root = join(folder, 'tree');
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = join(folder, 'cache');
  run = await writeTinyRun(folder, {
    settings: { measured: { split: 'test', functions: 95, rocAuc: 0.71, low: 0.6, high: 0.8 } },
  });
  mkdirSync(root);
  writeFileSync(
    join(root, 'a.js'),
    'const one = (a) => {\n  return eval(a);\n};\nfunction two() { return 2; }\n',
  );
  writeFileSync(join(root, 'notes.txt'), 'text');
  writeFileSync(join(root, 'other.sarif'), JSON.stringify(LOG));
  writeFileSync(join(folder, 'secret.js'), 'function key() { return 42; }\n');
  symlinkSync(join(folder, 'secret.js'), join(root, 'link.js'));
  execFileSync('mkfifo', [join(root, 'pipe.sarif')]);
  const context = workflowContext();
  scoring = await openScoring({ run, root, numThreads: 1 }, context);
  const server = toolServer({
    version: '1',
    instructions: '',
    tools: agentTools({ scoring, run, root, context }),
    onFailure: (error) => failures.push(error),
  });
  client = new Client({ name: 'test', version: '1' });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(ours), client.connect(theirs)]);
});
afterAll(async () => {
  await client.close();
  await scoring.model.close();
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

interface FunctionAnswer {
  readonly function: string;
  readonly score: number;
  readonly band: string;
}

interface Answer {
  readonly model: { readonly worth: string };
  readonly functions: readonly FunctionAnswer[];
  readonly lines: readonly { readonly line: number; readonly score: number; readonly text: string }[];
  readonly findings: readonly {
    readonly rule: string;
    readonly function?: string;
    readonly unscored?: string;
  }[];
}

async function ask(name: string, given: Record<string, unknown>): Promise<Answer> {
  const answer = await client.callTool({ name, arguments: given });
  expect(answer.isError, JSON.stringify(answer.content)).toBeUndefined();
  return answer.structuredContent as Answer;
}

async function refusal(name: string, given: Record<string, unknown>): Promise<string> {
  const answer = await client.callTool({ name, arguments: given });
  expect(answer.isError).toBe(true);
  return (answer.content as { text: string }[])[0]!.text;
}

const CODE = 'const one = (a) => {\n  return eval(a);\n}';

describe('the tools', () => {
  test('scan_file scores every function of a file, highest first', async () => {
    const { functions, model } = await ask('scan_file', { path: 'a.js' });
    expect(functions.map((one) => one.function).toSorted()).toEqual(['one', 'two']);
    expect(functions[0]!.score).toBeGreaterThanOrEqual(functions[1]!.score);
    expect(model.worth).toBe('ROC AUC 0.71 (95%: 0.60 to 0.80) on the 95 functions of its test part');
    expect((await ask('scan_file', { path: join(root, 'a.js'), top: 1 })).functions).toHaveLength(1);
  });

  test('a suppression is said as long as it holds, and as expired after its day', async () => {
    const body = (name: string) => `function ${name}(a) {\n  return eval(a);\n}\n`;
    writeFileSync(
      join(root, 'held.js'),
      `// vultune-ignore: ours until 2999-01-31\n${body('held')}// vultune-ignore: old until 2020-01-31\n${body('expired')}// vultune-ignore: always\n${body('always')}`,
    );
    const { functions } = await ask('scan_file', { path: 'held.js' });
    rmSync(join(root, 'held.js'));
    const said = Object.fromEntries(functions.map((one) => [one.function, one]));
    expect(said.held).toMatchObject({ suppression: 'ours', until: '2999-01-31' });
    expect(said.always).toMatchObject({ suppression: 'always' });
    expect(said.expired).toMatchObject({ expiredSuppression: 'old', heldUntil: '2020-01-31' });
    expect(said.expired).not.toHaveProperty('suppression');
  });

  test('score_functions gives text the score that it has in its file', async () => {
    const { functions } = await ask('scan_file', { path: 'a.js' });
    const inFile = functions.find((one) => one.function === 'one')!;
    const source = readFileSync(join(root, 'a.js'), 'utf8');
    const code = source.slice(source.indexOf('(a)'), source.indexOf('};') + 1);
    const given = await ask('score_functions', { functions: [{ code, name: 'mine' }, { code: CODE }] });
    expect(given.functions[0]).toMatchObject({ name: 'mine', band: inFile.band });
    expect(given.functions[0]!.score).toBeCloseTo(inFile.score, 6);
    expect(given.functions).toHaveLength(2);
  });

  test.each([
    ['by name', { function: 'one' }, 'one'],
    ['by line', { line: 4 }, 'two'],
  ])('explain_lines finds a function %s and scores its lines', async (_what, which, name) => {
    const answer = (await ask('explain_lines', { path: 'a.js', ...which })) as Answer & FunctionAnswer;
    expect(answer.function).toBe(name);
    expect(answer.lines.length).toBeGreaterThan(0);
    const scores = answer.lines.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const source = readFileSync(join(root, 'a.js'), 'utf8').split('\n');
    for (const { line, text } of answer.lines) expect(source[line - 1]).toContain(text);
  });

  test('explain_lines without name or line takes the highest-scoring function', async () => {
    const { functions } = await ask('scan_file', { path: 'a.js' });
    const answer = (await ask('explain_lines', { path: 'a.js' })) as Answer & FunctionAnswer;
    expect(answer.function).toBe(functions[0]!.function);
  });

  test('triage_sarif ranks, keeps what has no score, and writes nothing', async () => {
    const before = readFileSync(join(root, 'other.sarif'), 'utf8');
    const names = readdirSync(root);
    const { findings } = await ask('triage_sarif', { path: 'other.sarif' });
    expect(findings.map(({ rule, function: name, unscored }) => [rule, name, unscored])).toEqual([
      ['r1', 'one', undefined],
      ['r2', undefined, 'outside the folder'],
    ]);
    expect([readFileSync(join(root, 'other.sarif'), 'utf8'), readdirSync(root)]).toEqual([before, names]);
  });

  test.each<[tool: string, given: Record<string, unknown>, code: string]>([
    ['scan_file', { path: '../secret.js' }, 'MCP_PATH'],
    ['scan_file', { path: 'link.js' }, 'MCP_PATH'],
    ['scan_file', { path: '/etc/passwd' }, 'MCP_PATH'],
    ['scan_file', { path: 'a\0.js' }, 'MCP_PATH'],
    ['scan_file', { path: 'gone.js' }, 'MCP_PATH: no such file'],
    ['scan_file', { path: '.' }, 'MCP_PATH: no such file'],
    ['scan_file', { path: 'notes.txt' }, 'MCP_LANGUAGE'],
    ['triage_sarif', { path: 'pipe.sarif' }, 'MCP_PATH: no such file'],
    ['scan_file', { path: 'x'.repeat(5000) }, 'MCP_ARGUMENTS'],
    ['scan_file', {}, 'MCP_ARGUMENTS'],
    ['explain_lines', { path: 'link.js', line: 1 }, 'MCP_PATH'],
    ['explain_lines', { path: 'a.js', function: 'three' }, 'MCP_FUNCTION'],
    ['explain_lines', { path: 'a.js', line: 99 }, 'MCP_FUNCTION'],
    ['triage_sarif', { path: '../other.sarif' }, 'MCP_PATH'],
    ['triage_sarif', { path: 'a.js' }, 'TRIAGE_SARIF'],
    ['score_functions', { functions: [] }, 'MCP_ARGUMENTS'],
    ['score_functions', { functions: Array.from({ length: 65 }, () => ({ code: 'x' })) }, 'MCP_ARGUMENTS'],
    ['score_functions', { functions: [1, 2].map(() => ({ code: 'x'.repeat(600_000) })) }, 'MCP_TOO_LARGE'],
  ])('%s of %j is refused: %s', async (tool, given, code) => {
    expect(await refusal(tool, given)).toContain(code);
    expect(failures).toEqual([]);
  });
});

test('without a run it takes the one in ROOT/runs, and says what it found where there is none', async () => {
  const serve = (where: string) =>
    serveMcp({ root: where, input: new PassThrough().end(), output: new PassThrough() });
  await expect(serve(root)).rejects.toMatchObject({ code: 'MCP_RUN' });
  const home = join(folder, 'home');
  mkdirSync(join(home, 'runs'), { recursive: true });
  symlinkSync(run, join(home, 'runs', 'only'));
  await serve(home);
  symlinkSync(run, join(home, 'runs', 'second'));
  await expect(serve(home)).rejects.toMatchObject({
    code: 'MCP_RUN',
    message: expect.stringContaining('2 runs'),
  });
});

test('as a process: a client lists and calls the tools, and standard output holds the protocol alone', async () => {
  const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      '--import',
      path('test/support/typescript-loader.mjs'),
      path('src/cli/main.ts'),
      'mcp',
      run,
      '--root',
      root,
    ],
    env: { ...(process.env as Record<string, string>), VULTUNE_CACHE: join(folder, 'other-cache') },
    stderr: 'pipe',
  });
  const errors: Error[] = [];
  const own = new Client({ name: 'test', version: '1' });
  own.onerror = (error) => errors.push(error);
  await own.connect(transport);
  expect((await own.listTools()).tools.map(({ name }) => name)).toEqual([
    'scan_file',
    'score_functions',
    'explain_lines',
    'triage_sarif',
  ]);
  expect(own.getInstructions()).toContain('ROC AUC 0.71');
  const answer = await own.callTool({ name: 'scan_file', arguments: { path: 'a.js' } });
  expect((answer.structuredContent as Answer).functions).toHaveLength(2);
  expect((await own.callTool({ name: 'scan_file', arguments: { path: 'link.js' } })).isError).toBe(true);
  await own.close();
  expect(errors).toEqual([]);
});
