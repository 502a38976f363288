/** @file A training whose language model answers itself: learnt, stopped and resumed to the same bytes, used by every command. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { readSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { exportCommand } from '../../../src/cli/commands/export.ts';
import { linesCommand } from '../../../src/cli/commands/lines.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { runExport } from '../../../src/cli/export/run-export.ts';
import { runLines } from '../../../src/cli/lines/run-lines.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { exportModel, openGenerator } from '../../../src/index.ts';
import { workflowContext } from '../../../src/workflows/context.ts';
import { checkTraining } from '../../../src/workflows/train/check-training.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { resumeTraining } from '../../../src/workflows/train/resume.ts';
import { startTraining } from '../../../src/workflows/train/train.ts';
import { cliCase } from '../../support/cli-case.ts';
import { stoppingAfter } from '../../support/stopping-after.ts';
import { writeTinyBase } from '../../support/tiny-adapter.ts';

let folder = '';
let cacheBefore: string | undefined;
const at = (...names: string[]) => join(folder, ...names);

const functions = (part: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    code: `${part}${i}(){${i % 2 === 0 ? 'zzz' : 'qqq'}()}`,
    target: i % 2,
    id: `${part}${i}`,
  }));

const config = (output: string, changed: object = {}) =>
  parseTrainConfig(
    {
      base_model: at('base'),
      train_file: at('train.jsonl'),
      valid_file: at('valid.jsonl'),
      test_file: at('test.jsonl'),
      output_dir: output,
      task: 'next_token',
      label_words: ['N', 'Y'],
      loss_on: 'answer',
      num_train_epochs: 4,
      functions_per_step: 8,
      learning_rate: 0.02,
      metric_for_best_model: 'log_loss',
      max_length: 32,
      feature_cache: false,
      save_steps: 3,
      num_threads: 1,
      ...changed,
    },
    'test',
  );

async function train(
  output: string,
  changed: object = {},
  context: Parameters<typeof startTraining>[1] = {},
) {
  const parsed = config(output, changed);
  return await startTraining({ config: parsed, inputs: await checkTrainInputs(parsed) }, context);
}

let run = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-next-token-'));
  cacheBefore = process.env.VULTUNE_CACHE;
  process.env.VULTUNE_CACHE = at('cache');
  writeTinyBase(at('base'), 'llama');
  for (const [part, count] of [
    ['train', 40],
    ['valid', 30],
    ['test', 20],
  ] as const) {
    writeFileSync(
      at(`${part}.jsonl`),
      functions(part, count)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
  }
  run = at('trained');
  await train(run);
  writeFileSync(at('code.js'), 'function f(){zzz()}\nfunction g(){qqq()}\n');
}, 300_000);
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.VULTUNE_CACHE;
  else process.env.VULTUNE_CACHE = cacheBefore;
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, checked by what the tests expect of it
const json = (text: string): any => JSON.parse(text);
const adapter = (of = run) => join(of, 'adapter');
const metrics = (of = run) => json(readFileSync(join(of, 'metrics.json'), 'utf8'));

test('the answer is learnt, and the adapter says what is asked', async () => {
  expect(metrics().test.metrics.roc_auc).toBeGreaterThan(0.95);
  const { settings } = readAdapterHeader(adapter());
  expect(settings?.question).toEqual({ task: 'next_token', before: '', after: '', answers: ['N', 'Y'] });
  const peft = json(readFileSync(join(adapter(), 'adapter_config.json'), 'utf8'));
  expect(peft).toMatchObject({ task_type: 'CAUSAL_LM', modules_to_save: null });
  const { tensors } = await readSafetensors(join(adapter(), 'adapter_model.safetensors'));
  expect([...tensors.keys()].filter((key) => !key.includes('lora_'))).toEqual([]);
  const card = readFileSync(join(adapter(), 'README.md'), 'utf8');
  expect(card).toContain('AutoModelForCausalLM');
  expect(card).toContain('"N" (safe) or "Y" (vulnerable)');
});

test('a training that is stopped and resumed leaves the same bytes', async () => {
  const resumed = at('resumed');
  expect((await train(resumed, {}, stoppingAfter(7))).status).toBe('interrupted');
  expect((await resumeTraining({ run: resumed })).status).toBe('finished');
  const file = 'adapter_model.safetensors';
  const [found, expected] = [resumed, run].map((of) => readFileSync(join(adapter(of), file)));
  expect(found!.equals(expected!)).toBe(true);
  expect(metrics(resumed)).toEqual(metrics());
}, 300_000);

test('functions joined: code, answer and end of text as one text, learnt, resumed to the same bytes, scored alone', async () => {
  const joined = { packing: 'joined', tokens_per_batch: 64, functions_per_step: null, loss_reduction: 'sum' };
  const [whole, resumed] = [at('joined'), at('joined-resumed')];
  await train(whole, joined);
  expect(metrics(whole).test.metrics.roc_auc).toBeGreaterThan(0.9);
  expect((await train(resumed, joined, stoppingAfter(7))).status).toBe('interrupted');
  expect((await resumeTraining({ run: resumed })).status).toBe('finished');
  const file = 'adapter_model.safetensors';
  const [found, expected] = [resumed, whole].map((of) => readFileSync(join(adapter(of), file)));
  expect(found!.equals(expected!)).toBe(true);
  expect(readFileSync(join(adapter(whole), 'README.md'), 'utf8')).toContain('| packing | "joined" |');
  const stored = readFileSync(join(whole, 'predictions', 'test.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(json);
  const turned = at('turned.jsonl');
  writeFileSync(
    turned,
    `${readFileSync(at('test.jsonl'), 'utf8').trim().split('\n').toReversed().join('\n')}\n`,
  );
  const argv = ['predict', whole, '--num-threads', '1', '--no-blend', '--data', turned];
  const { stdout } = await cliCase([predictCommand(runPredict)], argv);
  const scores = stdout.trim().split('\n').map(json).toReversed();
  for (const [i, { score }] of scores.entries()) expect(score).toBeCloseTo(stored[i].score, 5);
}, 300_000);

describe('task: instruct', () => {
  const CHAT =
    '{% for m in messages %}<{{ m.role }}>{{ m.content }}<|end|>\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}';
  const instruct = (changed: object = {}) => ({
    task: 'instruct',
    label_words: null,
    loss_on: null,
    chat_template: CHAT,
    prompt: { user: 'Bad? {code}', answers: { yes: ['yes'], no: ['no'] } },
    functions_per_step: 4,
    max_length: 64,
    max_steps: 30,
    positive_share: 0.4,
    ...changed,
  });

  test('the answer in a chat is learnt, and a resumed run asks the same and leaves the same bytes', async () => {
    const [whole, resumed] = [at('chat'), at('chat-resumed')];
    await train(whole, instruct());
    expect(metrics(whole).test.metrics.roc_auc).toBeGreaterThan(0.9);
    expect(readAdapterHeader(adapter(whole)).settings?.question).toEqual({
      task: 'instruct',
      before: '<user>Bad? ',
      after: '<|end|>\n<assistant>',
      answers: ['no<|end|>', 'yes<|end|>'],
    });
    expect((await train(resumed, instruct(), stoppingAfter(7))).status).toBe('interrupted');
    expect((await resumeTraining({ run: resumed })).status).toBe('finished');
    const file = 'adapter_model.safetensors';
    const [found, expected] = [resumed, whole].map((of) => readFileSync(join(adapter(of), file)));
    expect(found!.equals(expected!)).toBe(true);
    const argv = ['predict', whole, '--num-threads', '1', '--no-blend', '--data', at('test.jsonl')];
    const { stdout } = await cliCase([predictCommand(runPredict)], argv);
    const stored = readFileSync(join(whole, 'predictions', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(json);
    for (const [i, line] of stdout.trim().split('\n').entries()) {
      expect(json(line).score).toBeCloseTo(stored[i].score, 5);
    }
  }, 300_000);

  test('steps of many functions are warned of', async () => {
    const parsed = config(at('never'), instruct({ functions_per_step: 16 }));
    const inputs = await checkTrainInputs(parsed);
    const { warnings } = await checkTraining({ config: parsed, inputs }, workflowContext());
    expect(warnings.join()).toContain('functions_per_step is 16');
  });

  test.each<[string, object, string, RegExp]>([
    ['a model without a chat template', { chat_template: null }, 'CHAT_TEMPLATE_MISSING', /no chat template/],
    ['a template that fails', { chat_template: '{{ raise_exception("no") }}' }, 'CHAT_TEMPLATE_FAILED', /no/],
    ['a template without the function', { chat_template: '{{ "x" }}' }, 'CHAT_TEMPLATE_UNFIT', /nowhere/],
    [
      'a question that does not begin the whole chat',
      { chat_template: '{{ messages | length }}{{ messages[0].content }}' },
      'CHAT_TEMPLATE_UNFIT',
      /another beginning/,
    ],
    ['a prompt without code', { prompt: { user: 'Bad?' } }, 'PROMPT_INVALID', /nowhere/],
    ['a length that the question fills', { max_length: 20 }, 'MAX_LENGTH_TOO_SMALL', /without any code/],
  ])('%s is refused', async (_name, changed, code, message) => {
    const parsed = config(at('never'), instruct(changed));
    const inputs = await checkTrainInputs(parsed);
    const checked = checkTraining({ config: parsed, inputs }, workflowContext());
    await expect(checked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

test('loss on every token is learnt from too, and a check of the configuration estimates it', async () => {
  await train(at('all'), { loss_on: 'all', max_steps: 2, loss_reduction: 'mean' });
  expect(metrics(at('all')).test.metrics.roc_auc).toBeGreaterThanOrEqual(0);
  const parsed = { ...config(at('never')), max_length: 'auto' as const };
  const inputs = await checkTrainInputs(parsed);
  const { notes } = await checkTraining({ config: parsed, inputs }, workflowContext());
  expect(notes.join('\n')).toMatch(/40 functions and .* tokens an epoch/);
}, 300_000);

describe('commands', () => {
  test('predict gives the scores of the training', async () => {
    const argv = ['predict', run, '--num-threads', '1', '--no-blend', '--data', at('test.jsonl')];
    const { stdout } = await cliCase([predictCommand(runPredict)], argv);
    const found = stdout.trim().split('\n').map(json);
    const stored = readFileSync(join(run, 'predictions', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(json);
    for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(stored[i].score, 5);
  });

  test('evaluate, scan and lines read it', async () => {
    const threads = ['--num-threads', '1'];
    const evaluated = await cliCase(
      [evaluateCommand(runEvaluate)],
      [
        'evaluate',
        run,
        ...threads,
        '--resamples',
        '100',
        '--data',
        at('test.jsonl'),
        '--json',
        '--allow-contamination',
      ],
    );
    expect(json(evaluated.stdout).metrics.roc_auc, evaluated.stdout).toBeGreaterThan(0.95);
    const scanned = await cliCase(
      [scanCommand(runScan)],
      ['scan', run, at('code.js'), ...threads, '--format', 'json', '--threshold', '0'],
    );
    const scores = json(scanned.stdout).findings.map((one: { score: number }) => one.score);
    expect(scores).toHaveLength(2);
    const lines = await cliCase(
      [linesCommand(runLines)],
      ['lines', run, '--data', at('test.jsonl'), ...threads],
    );
    expect(lines.exitCode).toBe(0);
    expect(lines.stdout).toContain('qqq');
  });

  test('export writes a language model with the adapter in it, and an ONNX graph of its two answers', async () => {
    const [merged, onnx] = [at('merged'), at('answers.onnx')];
    const exported = await exportModel({ run, merged, onnx, numThreads: 1 });
    for (const { error } of exported) expect(error).toBeLessThan(1e-5);
    const written = json(readFileSync(join(merged, 'config.json'), 'utf8'));
    expect(written).toMatchObject({ architectures: ['LlamaForCausalLM'], tie_word_embeddings: true });
    expect(written).not.toHaveProperty('num_labels');
    const readme = readFileSync(join(merged, 'README.md'), 'utf8');
    expect(readme).toContain('AutoModelForCausalLM.from_pretrained(**BASE, dtype=torch.float32).eval()');
    expect(readme).not.toMatch(/peft/i);
    const { question } = json(readFileSync(join(merged, 'vultune.json'), 'utf8'));
    expect(question.answers.map((one: { text: string }) => one.text)).toEqual(['N', 'Y']);
    expect(readFileSync(onnx, 'latin1')).toContain('"asked_tokens":2');

    const lines = readFileSync(at('test.jsonl'), 'utf8').trim().split('\n').map(json);
    const stored = readFileSync(join(run, 'predictions', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(json);
    const generator = await openGenerator(merged);
    const [no, yes] = question.answers.map((one: { token: number }) => one.token);
    const prompts = lines.map(({ code }: { code: string }) => [
      ...question.before,
      ...generator.tokenizer.encode(code, { addSpecialTokens: false }),
    ]);
    const { data } = await generator.scoreNextToken(prompts, [[yes], [no]]);
    await generator.close();
    for (const [i, { raw_score: raw, score }] of stored.entries()) {
      expect(data[2 * i]! / (data[2 * i]! + data[2 * i + 1]!)).toBeCloseTo(raw ?? score, 4);
    }
  });

  test('export says how llama.cpp gets it', async () => {
    const words = ['export', run, '--gguf', at('model.gguf')];
    const { exitCode, stderr } = await cliCase([exportCommand(runExport)], words);
    expect([exitCode, stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringMatching(/EXPORT_UNSUPPORTED.*convert_hf_to_gguf/),
    ]);
  });
});

describe('refused with a reason', () => {
  test.each<[string, object, RegExp]>([
    ['words of several tokens', { label_words: [' NO', ' YES'] }, /" NO" is 3 tokens .*" " \(\d+\), "N"/],
    ['words that are the same', { label_words: ['Y', 'Y'] }, /do not differ/],
    ['a length without room for code', { max_length: 2 }, /take 2 tokens without any code/],
    [
      'the tied head among modules_to_save',
      { modules_to_save: ['embed_tokens'] },
      /as its embedding and as its head/,
    ],
  ])('%s', async (_name, changed, message) => {
    await expect(train(at('refused'), changed)).rejects.toThrow(message);
  });

  test('words of several tokens name the key, their tokens and words that are one', async () => {
    const refused = train(at('refused'), { label_words: ['NO', 'YES'] });
    await expect(refused).rejects.toMatchObject({
      code: 'LABEL_WORD_TOKENS',
      message: expect.stringMatching(
        /^the label word "NO" is 2 tokens of this model, expected one: "N" \(\d+\), "O" \(\d+\)$/,
      ),
      where: { name: 'label_words' },
      hint: expect.stringContaining('label_words: ["N", "Y"]'),
    });
    // Said of an adapter that was edited, too, before anything is scored.
    const edited = at('edited');
    cpSync(run, edited, { recursive: true });
    const file = join(adapter(edited), 'vultune.json');
    const settings = json(readFileSync(file, 'utf8'));
    settings.question.answers = ['N', 'YES'];
    writeFileSync(file, JSON.stringify(settings));
    const { exitCode, stderr } = await cliCase(
      [predictCommand(runPredict)],
      ['predict', edited, '--data', at('test.jsonl')],
    );
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('LABEL_WORD_TOKENS')]);
  });

  test('an encoder', async () => {
    cpSync(at('base'), at('encoder'), { recursive: true });
    writeTinyBase(at('encoder'), 'bert');
    await expect(train(at('refused'), { base_model: at('encoder') })).rejects.toThrow(
      /predicts no next token/,
    );
  });

  test.each<[string, object, RegExp]>([
    ['a head that starts as a probe', { head_init: 'probe' }, /head_init is set, but task is next_token/],
    ['a CWE head', { cwe_head: true }, /cwe_head is set/],
    ['top layers', { top_mlp_layers: 1 }, /top_mlp_layers is set/],
    ['a pooling', { pooling: 'last' }, /pooling is set/],
    ['focal loss', { loss: 'focal' }, /loss is set/],
    ['full fine-tuning', { finetuning_type: 'full' }, /frozen head/],
    [
      'words of a classifier',
      { task: 'classify', loss_on: null },
      /label_words is set, but task is classify/,
    ],
  ])('%s', (_name, changed, message) => {
    expect(() => config(at('refused'), changed)).toThrow(message);
  });
});
