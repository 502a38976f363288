/** @file What a run and an adapter are held to: the base model's weights, its configuration, the tokenizer; and where they are found. */
import {
  cpSync,
  existsSync,
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
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readAllSafetensors, writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { evaluateCommand } from '../../../src/cli/commands/evaluate.ts';
import { predictCommand } from '../../../src/cli/commands/predict.ts';
import { scanCommand } from '../../../src/cli/commands/scan.ts';
import { runEvaluate } from '../../../src/cli/evaluate/run-evaluate.ts';
import { runPredict } from '../../../src/cli/predict/run-predict.ts';
import { runScan } from '../../../src/cli/scan/run-scan.ts';
import { runResume, runTrain } from '../../../src/cli/train/run-train.ts';
import { loadTrainConfig } from '../../../src/config/load.ts';
import { checkTrainInputs } from '../../../src/workflows/train/inputs.ts';
import { cliCase } from '../../support/cli-case.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';

const CODE = 'int first(int a) { return call(a); }';
const COMMANDS = [predictCommand(runPredict), scanCommand(runScan), evaluateCommand(runEvaluate)];

let folder = '';
let run = '';
let base = '';
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultune-identity-')));
  vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
  run = await writeTinyRun(folder);
  base = join(folder, 'base');
  writeFileSync(join(folder, 'x.jsonl'), `${JSON.stringify({ id: 'a', code: CODE })}\n`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const predict = (adapter: string) =>
  cliCase(COMMANDS, ['predict', adapter, '--data', join(folder, 'x.jsonl')]);

async function score(adapter: string): Promise<number> {
  const { exitCode, stdout, stderr } = await predict(adapter);
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  return (JSON.parse(stdout) as { score: number }).score;
}

function edit(file: string, change: object): void {
  const json = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...json, ...change }));
}

const adapter = () => join(run, 'adapter');
/** As another tool leaves it: nothing of ours beside it. */
function foreign(): string {
  rmSync(join(adapter(), 'vultune.json'));
  return adapter();
}
const copyTokenizer = () => {
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    cpSync(join(base, name), join(adapter(), name));
};

const CHANGES: readonly (readonly [string, (base: string) => void | Promise<void>])[] = [
  [
    'weights',
    async (at) => {
      const file = join(at, 'model.safetensors');
      const tensors = await readAllSafetensors(file);
      const norm = tensors.get('model.norm.weight')!.data as Float32Array;
      for (let i = 0; i < norm.length; i++) norm[i]! *= 2;
      await writeSafetensors(file, tensors, { format: 'pt' });
    },
  ],
  ['configuration', (at) => edit(join(at, 'config.json'), { rms_norm_eps: 0.1 })],
  ['tokenizer', (at) => edit(join(at, 'tokenizer_config.json'), { add_eos_token: true })],
];

describe('an adapter of ours', () => {
  test.each(CHANGES)('is refused on a base model with another: %s', async (_part, change) => {
    await change(base);
    const { exitCode, stdout, stderr } = await predict(run);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error ADAPTER_MISMATCH');
  });

  test('goes on with a tokenizer of its own when that of the base model changes', async () => {
    copyTokenizer();
    const before = await score(run);
    edit(join(base, 'tokenizer_config.json'), { add_eos_token: true });
    expect(await score(run)).toBe(before);
    edit(join(adapter(), 'tokenizer_config.json'), { add_eos_token: true });
    expect((await predict(run)).stderr).toContain('trained with another tokenizer');
  });
});

describe("another tool's adapter", () => {
  test('is read with the tokenizer that lies in its folder', async () => {
    const plain = await score(foreign());
    edit(join(base, 'tokenizer_config.json'), { add_eos_token: true });
    const withEos = await score(adapter());
    expect(withEos).not.toBe(plain);
    edit(join(base, 'tokenizer_config.json'), { add_eos_token: false });
    copyTokenizer();
    edit(join(adapter(), 'tokenizer_config.json'), { add_eos_token: true });
    expect(await score(adapter())).toBe(withEos);
    // Also where the base model has none.
    rmSync(join(base, 'tokenizer.json'));
    expect(await score(adapter())).toBe(withEos);
  });

  test('is refused when that tokenizer has tokens without an embedding', async () => {
    foreign();
    copyTokenizer();
    const file = join(adapter(), 'tokenizer.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as { added_tokens: object[] };
    // The vocabulary has ids up to 97, the embedding 128 rows.
    for (let id = 98; id <= 128; id++) {
      json.added_tokens.push({ ...json.added_tokens[0], id, content: `<|added ${id}|>` });
    }
    writeFileSync(file, JSON.stringify(json));
    const { exitCode, stderr } = await predict(adapter());
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error TOKENIZER_MISMATCH');
    expect(stderr).toContain('no embedding for: "<|added 128|>" (128); it has 128');
  });

  test('pools the last token that is not padding: one that ends every text changes nothing', async () => {
    foreign();
    const plain = await score(adapter());
    edit(join(base, 'tokenizer_config.json'), { add_eos_token: true });
    expect(await score(adapter())).not.toBe(plain);
    edit(join(base, 'config.json'), { pad_token_id: 0 });
    expect(await score(adapter())).toBeCloseTo(plain, 6);
  });

  test.each(CHANGES.slice(1))('has other cached scores with another: %s', async (_part, change) => {
    foreign();
    const tree = join(folder, 'tree');
    mkdirSync(tree);
    writeFileSync(join(tree, 'a.c'), `${CODE}\n`);
    const scan = async () => {
      const { stdout } = await cliCase(COMMANDS, [
        'scan',
        adapter(),
        tree,
        '--threshold',
        '0',
        '--format',
        'json',
      ]);
      return (JSON.parse(stdout) as { findings: { score: number }[] }).findings[0]!.score;
    };
    const before = await scan();
    await change(base);
    expect(await scan()).not.toBe(before);
  });
});

describe('a run', () => {
  function contextWith(signal: AbortSignal) {
    const stdin = (async function* () {})();
    return { stdout: fakeTerminal(), stderr: fakeTerminal(), stdin, env: {}, signal, setExitCode: () => {} };
  }
  const NEVER = new AbortController().signal;

  /** From the folder `from`; the YAML lies in PROJECT. */
  async function train(signal: AbortSignal, from: string): Promise<string> {
    const project = join(folder, 'project');
    mkdirSync(join(project, 'sub'), { recursive: true });
    for (const part of ['train', 'valid']) {
      const lines = Array.from({ length: 8 }, (_, i) =>
        JSON.stringify({ code: `int ${part}${i}(void) { return ${'f()+'.repeat(i % 3)}1; }`, target: i % 2 }),
      );
      writeFileSync(join(project, `${part}.jsonl`), `${lines.join('\n')}\n`);
    }
    cpSync(base, join(project, 'base'), { recursive: true });
    writeFileSync(
      join(project, 't.yaml'),
      [
        'base_model: base',
        'train_file: train.jsonl',
        'valid_file: valid.jsonl',
        `output_dir: ${JSON.stringify(join(project, 'out'))}`,
        'num_train_epochs: 1',
        'functions_per_step: 4',
        'max_length: 32',
        'feature_cache: false',
      ].join('\n'),
    );
    // Worker threads have no chdir: the current folder is what resolving asks for.
    const here = vi.spyOn(process, 'cwd').mockReturnValue(from);
    const config = loadTrainConfig({ file: join(project, 't.yaml') });
    expect(config.base_model).toBe(join(project, 'base'));
    await runTrain({ config, inputs: await checkTrainInputs(config) }, contextWith(signal));
    here.mockRestore();
    return project;
  }

  test.each(CHANGES)('is not resumed with another base model: %s', async (_part, change) => {
    const project = await train(AbortSignal.abort(), folder);
    await change(join(project, 'base'));
    const resuming = runResume({ run: join(project, 'out') }, contextWith(NEVER));
    await expect(resuming).rejects.toMatchObject({ code: 'RUN_MODEL_CHANGED' });
  });

  test('is resumed and used after the whole project was moved', async () => {
    const project = await train(AbortSignal.abort(), folder);
    const moved = join(folder, 'moved');
    renameSync(project, moved);
    expect(await runResume({ run: join(moved, 'out') }, contextWith(NEVER))).toMatchObject({
      status: 'finished',
    });
    const before = await score(join(moved, 'out'));
    renameSync(moved, join(folder, 'again'));
    expect(await score(join(folder, 'again', 'out'))).toBe(before);
  });

  test('leaves the tokenizer files of the base model beside its adapter, byte for byte', async () => {
    const project = await train(NEVER, folder);
    const adapterFolder = join(project, 'out', 'adapter');
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      expect(readFileSync(join(adapterFolder, name))).toEqual(readFileSync(join(base, name)));
    }
    expect(readdirSync(adapterFolder)).not.toContain('special_tokens_map.json');
    expect(existsSync(join(adapterFolder, 'adapter_config.json'))).toBe(true);
  });
});
