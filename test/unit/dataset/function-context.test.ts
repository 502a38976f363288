/** @file Context in front of functions: which code of the file it is, how it is cut, and that it is of the function's own version. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ContextKind, contextOf } from '../../../src/dataset/changes/function-context.ts';
import { parseSource } from '../../../src/source/parse-source.ts';
import { build, fixSource, temporaryFolder } from '../../support/fix-source.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const head = "// Written by somebody.\nimport { open } from 'node:fs';\n\nconst LIMIT = 4;\n";
const check = (how: string) => `function check(name) {\n  return ${how};\n}\n`;
const read = (guard: string) => `function read(name) {\n  ${guard}\n  return open(check(name), 'r');\n}\n`;
const main = 'function main(argv) {\n  read(argv[1]);\n  return read(argv[2]);\n}\n';
const source = head + check("name + '.txt'") + read('') + main;

function contextIn(text: string, name: string, kind: ContextKind, maxTokens = 200) {
  const parsed = parseSource(text, 'javascript');
  const own = parsed.functions.find((one) => one.name === name)!;
  return contextOf({ source: text, language: 'javascript', parsed }, own, { kind, maxTokens });
}

test('callees are the functions of the file that it calls, callers those that call it, file the head of it', () => {
  expect(contextIn(source, 'read', 'callees').text).toBe(`${check("name + '.txt'")}// end of context\n`);
  expect(contextIn(source, 'read', 'callers').text).toBe(`${main}// end of context\n`);
  expect(contextIn(source, 'read', 'file').text).toBe(
    "import { open } from 'node:fs';\nconst LIMIT = 4;\n// end of context\n",
  );
});

test('where nothing is found nothing stands in front', () => {
  expect(contextIn(source, 'check', 'callees')).toEqual({
    kind: 'callees',
    maxTokens: 200,
    text: '',
    tokens: 0,
    cut: 0,
  });
  expect(contextIn(source, 'main', 'callers').text).toBe('');
  expect(contextIn(main, 'main', 'file').text).toBe('');
});

test('a function that calls itself, and one inside another, are not their own context', () => {
  const text =
    'function outer(n) {\n  function inner(m) {\n    return outer(m);\n  }\n  return inner(n) + outer(0);\n}\n';
  for (const kind of ['callees', 'callers'] as const) {
    expect(contextIn(text, 'outer', kind).text).toBe('');
    expect(contextIn(text, 'inner', kind).text).toBe('');
  }
});

test('whole lines are kept up to the limit, and what is cut is counted', () => {
  const whole = contextIn(source, 'read', 'callers');
  const { text, tokens, cut } = contextIn(source, 'read', 'callers', 12);
  expect(text).toBe('function main(argv) {\n// end of context\n');
  expect(tokens).toBeLessThanOrEqual(12);
  expect(tokens + cut).toBe(whole.tokens);
});

test.each(['callees', 'callers'] as const)(
  '%s of a minified file: each function is read once, however many ask',
  (kind) => {
    const count = 200;
    const one = (i: number) => `function f${i}(){return f${(i + 1) % count}(${i})+last()}`;
    const text = `${Array.from({ length: count }, (_, i) => one(i)).join('')}function last(){return 1}`;
    const parsed = parseSource(text, 'javascript');
    let reads = 0;
    const functions = parsed.functions.map((found) => ({
      ...found,
      get code() {
        reads++;
        return found.code;
      },
    }));
    const file = { source: text, language: 'javascript' as const, parsed: { ...parsed, functions } };
    const contexts = functions.map((own) => contextOf(file, own, { kind, maxTokens: 1000 }));
    expect(contexts[7]!.text).toBe(
      kind === 'callers'
        ? `${one(6)}\n// end of context\n`
        : `${one(8)}\nfunction last(){return 1}\n// end of context\n`,
    );
    expect(reads).toBeLessThanOrEqual(functions.length);
  },
);

test.each(['callees', 'callers', 'file'] as const)(
  'a build with context %s puts it in front and leaves labels and duplicates alone',
  async (kind) => {
    const guard = `if (name.includes('..')) throw new Error('no');`;
    const fixes = [
      {
        files: [
          { path: 'lib/read.js', before: source, after: head + check("name + '.txt'") + read(guard) + main },
        ],
      },
    ];
    const sources = () => [fixSource(fixes)];
    const plain = await build(folder.path, { sources: sources() });
    const made = await build(folder.path, {
      sources: sources(),
      outDir: `${folder.path}/with`,
      context: kind,
      contextMaxTokens: 100,
    });
    expect(made.info.options.context).toEqual({ kind, maxTokens: 100 });
    expect(plain.info.options).not.toHaveProperty('context');
    expect(made.records.length).toBe(plain.records.length);
    expect(made.records.length).toBeGreaterThan(2);
    for (const [i, record] of made.records.entries()) {
      const { code, context, ...rest } = record;
      const { code: alone, ...own } = plain.records[i]!;
      expect(rest).toEqual(own);
      expect(code.endsWith(alone)).toBe(true);
      const { tokens } = context as { kind: string; tokens: number };
      expect(context).toMatchObject({ kind, cut: 0 });
      expect(tokens > 0).toBe(code !== alone);
    }
    expect(made.records.some(({ code }, i) => code !== plain.records[i]!.code)).toBe(true);
  },
);

test('the context of a function is of its own version of the file', async () => {
  const [before, after] = ["name + '.txt'", "name.replaceAll('..', '') + '.txt'"];
  // The fix changes the callee and the caller.
  const fixes = [
    {
      files: [
        {
          path: 'lib/read.js',
          before: head + check(before) + read('') + main,
          after: head + check(after) + read('log(name);') + main,
        },
      ],
    },
  ];
  const { records } = await build(folder.path, {
    sources: [fixSource(fixes)],
    strict: false,
    context: 'callees',
  });
  const texts = Object.fromEntries(
    records.map(({ set, function_name, code }) => [`${set} ${function_name}`, code]),
  );
  expect(texts['P1 read']).toContain(check(before));
  expect(texts['P1 read']).not.toContain('replaceAll');
  expect(texts['P2 read']).toContain(check(after));
  // Unchanged functions are read as they stand after the fix.
  expect(texts['P3 main']).toContain('log(name);');
});

test('a length without a context, and a context beside merged parts, are refused', async () => {
  const sources = [fixSource([])];
  await expect(build(folder.path, { sources, contextMaxTokens: 10 })).rejects.toThrow(
    'contextMaxTokens is 10',
  );
  await expect(build(folder.path, { sources, context: 'file', merge: [] })).rejects.toThrow(
    'context is file',
  );
});
