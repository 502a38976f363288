/** @file Settings: of an adapter, a training, a tokenizer, a scan; each file read as the commands read it. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listModels } from '../../src/checkpoint/sources/list-models.ts';
import { MANIFEST } from '../../src/checkpoint/sources/package-cache.ts';
import { readSettings } from '../../src/cli/scan/settings/find-settings.ts';
import { loadTrainConfig } from '../../src/config/load.ts';
import { fitTfidfClassifier } from '../../src/evaluation/baselines/tfidf-classifier.ts';
import { blendScores } from '../../src/evaluation/blend/blend.ts';
import { formatBlend, readBlend } from '../../src/evaluation/blend/blend-file.ts';
import { fitBlend } from '../../src/evaluation/blend/fit-blend.ts';
import { calibrateAll, describeCalibration } from '../../src/evaluation/calibration/calibration.ts';
import { rawThreshold } from '../../src/evaluation/calibration/raw-threshold.ts';
import {
  compareFingerprints,
  fingerprintTraining,
  formatFingerprints,
  parseFingerprints,
} from '../../src/evaluation/contamination.ts';
import { adapterCalibration } from '../../src/judging/adapter-scale.ts';
import { locateAdapter } from '../../src/judging/locate-adapter.ts';
import { readPromptedRun } from '../../src/judging/prompted-run.ts';
import { readPrice } from '../../src/prompting/endpoint/spending.ts';
import { readPrompt } from '../../src/prompting/prompt-file.ts';
import { readBaseline, splitByBaseline } from '../../src/scan/baseline.ts';
import { fillPrompt } from '../../src/text/chat/prompt-template.ts';
import { openTokenizer } from '../../src/text/open-tokenizer.ts';
import { scoringIdentity } from '../../src/workflows/evaluate/scoring-identity.ts';
import { readHandLabels } from '../../src/workflows/prompt/hand-labels.ts';
import { byteLevelJson } from '../unit/text/small-tokenizer.ts';
import { type FuzzTarget, fileTarget, textOf, texts } from './fuzz-target.ts';
import { placeFixture } from './tiny-files.ts';

const SETTINGS = {
  formatVersion: 1,
  threshold: 0.5,
  maxLength: 64,
  longFunctions: 'truncate',
  pooling: 'last',
  baseFingerprint: 'f',
  baseModelPath: '../../base',
  alarmBudget: { share: 0.02, threshold: 0.9, uncertainFrom: 0.7, negatives: 60, flagged: 1 },
  data: { train_file: 'x' },
  measured: { split: 'test', functions: 9, rocAuc: 0.7, low: 0.5, high: 0.8 },
};
const fitted = { functions: 9, prevalence: 0.4 };
const CALIBRATIONS = [
  { method: 'none', ...fitted },
  { method: 'temperature', temperature: 2, ...fitted },
  { method: 'platt', slope: 1.5, intercept: -0.5, ...fitted },
  { method: 'isotonic', scores: [0.1, 0.5, 0.9], probabilities: [0.2, 0.4, 0.9], ...fitted },
];
const settings = texts(
  JSON.stringify(SETTINGS),
  ...CALIBRATIONS.map((calibration) => JSON.stringify({ ...SETTINGS, calibration })),
);

const blends = async () => {
  const labelled = Array.from({ length: 40 }, (_, i) => ({
    code: `int f${i}(int a) { return ${i % 4 < 3 === (i % 2 === 1) ? 'g' : 'h'}(a) + a; }`,
    target: i % 2,
  }));
  const scores = labelled.map((_, i) => 0.2 + ((i * 7) % 11) / 20);
  const fitted = fitBlend({ records: labelled, scores }, fitTfidfClassifier(labelled, []));
  if (fitted.blend === undefined) throw new Error(fitted.reason);
  return [new TextEncoder().encode(formatBlend(fitted.blend)!)];
};

/** With the checksum of what is in it now, as somebody would write it who wants it read: else no change would get past that. */
function sealedBlend(bytes: Uint8Array): string {
  const text = textOf(bytes);
  try {
    const json = JSON.parse(text) as { readonly blend?: unknown };
    const checksum = createHash('sha256')
      .update(JSON.stringify(json.blend) ?? '')
      .digest('hex')
      .slice(0, 32);
    return JSON.stringify({ ...json, checksum });
  } catch {
    return text;
  }
}

const YAML = `# a run
base_model: ./model
train_file: train.jsonl
valid_file: valid.jsonl
output_dir: runs/1
learning_rate: 1e-4
num_train_epochs: 2
seed: &x 3
early_stopping_patience: *x
target_modules: [q_proj, v_proj]
lora_layers: last 8
set_weights: {P1: 1, P3: 0.5}
`;
const SCAN_YAML = `run: runs/first
paths: [src, lib]
exclude: [gen]
max_false_positives: 1/200
format: sarif
out: a/b.sarif
fail_on: none
`;
const CONFIG = {
  base_model: 'm',
  train_file: 'a',
  valid_file: 'b',
  output_dir: 'r',
  learning_rate: 1e-4,
  lora_r: 8,
  seed: 1,
};

const KEYS = ['a', 'b'].map((letter) => letter.repeat(22));
const BASELINE = JSON.stringify({
  formatVersion: 1,
  findings: KEYS.map((fingerprint) => ({ fingerprint, file: 'a.c', name: 'f' })),
});

const RECORDS = [0, 1, 2].map((i) => ({ code: `int f${i}(int a, int b) { return a * ${i} + b - ${i}; }` }));

const PROMPT_YAML = `id: own
system: You look for bugs.
user: "Bad? {code} Say so."
answers: {yes: ["yes", is bad], no: ["no"]}
`;
const PRICES = 'currency: EUR\nmodels: { m: { input: 1, output: 2.5 } }\n';
const PROMPT_JSON = JSON.stringify({
  formatVersion: 1,
  model: 'm',
  endpoint: 'http://localhost:1/v1',
  template: { id: 'own', user: 'Bad? {code}', answers: { yes: ['yes'], no: ['no'] } },
  answer: 'odds',
  maxNewTokens: 16,
  threshold: 0.5,
});
const LABELS = 'row,id,code_sha256,answer,label\n1,f,0123456789abcdef,"Well, ""hm""",yes\n';

/** What tokenizer_config.json may say of a byte-level tokenizer. */
const TOKENIZER_CONFIG = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: '<|start|>',
  eos_token: { content: '<|end|>', lstrip: false },
  add_bos_token: true,
  add_prefix_space: false,
  clean_up_tokenization_spaces: false,
  added_tokens_decoder: {},
};

export const SETTING_TARGETS: readonly FuzzTarget[] = [
  fileTarget('vultune.json', 'vultune.json', settings, async (_path, folder) => {
    for (const file of ['adapter_config.json', 'adapter_model.safetensors'])
      placeFixture(folder, 'adapter', file);
    const header = locateAdapter(folder);
    await scoringIdentity(header);
    const map = adapterCalibration(header);
    if (map === undefined) return;
    describeCalibration(map);
    const probabilities = [...calibrateAll(map, [0, 0.3, 0.5, 1])];
    if (!probabilities.every((p) => p >= 0 && p <= 1))
      throw new Error(`probabilities ${probabilities.join()}`);
    rawThreshold(map, header.settings!.threshold);
  }),
  {
    name: 'blend.json',
    seeds: blends,
    run: async (bytes, folder) => {
      writeFileSync(join(folder, 'blend.json'), sealedBlend(bytes));
      const { blend } = readBlend(folder)!;
      const rawScores = [0, 0.3, 1];
      const scores = [...blendScores(blend, { codes: ['', 'f(a)', 'int f() { return a; }'], rawScores })];
      if (!scores.every((score) => score >= 0 && score <= 1)) throw new Error(`scores ${scores.join()}`);
    },
  },
  fileTarget(
    'training_functions.bin',
    'training_functions.bin',
    async () => [formatFingerprints(fingerprintTraining(RECORDS))],
    (path) => {
      compareFingerprints(fingerprintTraining(RECORDS), parseFingerprints(readFileSync(path), path));
    },
  ),
  fileTarget('configuration yaml', 'train.yaml', texts(YAML, JSON.stringify(CONFIG)), (file) => {
    loadTrainConfig({ file });
  }),
  fileTarget('prompt yaml', 'prompt.yaml', texts(PROMPT_YAML), (file) => {
    fillPrompt(readPrompt(file), 'f()');
  }),
  fileTarget('prices', 'prices.yaml', texts(PRICES), (file) => {
    readPrice(file, 'm');
  }),
  fileTarget('prompt.json', 'prompt.json', texts(PROMPT_JSON), (_path, folder) => {
    readPromptedRun(folder);
  }),
  fileTarget('labels of answers', 'labels.csv', texts(LABELS), async (file) => {
    await readHandLabels(file);
  }),
  fileTarget('vultune.yaml', 'vultune.yaml', texts(SCAN_YAML), (file, folder) => {
    readSettings(file, folder);
  }),
  {
    name: 'configuration overrides',
    seeds: texts(
      'learning_rate=2e-4\nlora_layers=last 8\ntarget_modules=[q_proj, v_proj]\nset_weights.P3=0.5\nseed=1',
    ),
    run: async (bytes) => {
      const needed = ['base_model=m', 'train_file=a', 'valid_file=b', 'output_dir=r'];
      loadTrainConfig({ overrides: [...needed, ...textOf(bytes).split('\n')] });
    },
  },
  fileTarget(
    'tokenizer_config.json',
    'tokenizer_config.json',
    texts(JSON.stringify(TOKENIZER_CONFIG)),
    async (path, folder) => {
      writeFileSync(join(dirname(path), 'tokenizer.json'), JSON.stringify(byteLevelJson()));
      (await openTokenizer(folder))?.encode("int x = 1; // <|end|> don't\n");
    },
  ),
  fileTarget('scan baseline', 'baseline.json', texts(BASELINE), (path) => {
    splitByBaseline([], readBaseline(path));
  }),
  {
    name: 'package manifest',
    seeds: texts(
      JSON.stringify({
        formatVersion: 1,
        reference: 'pypi:m==1',
        version: '1',
        files: ['config.json', 'm.gguf'],
      }),
    ),
    run: async (bytes, folder) => {
      const cached = join(folder, 'models', 'pypi', 'm', '1');
      mkdirSync(cached, { recursive: true });
      for (const file of ['config.json', 'm.gguf']) writeFileSync(join(cached, file), '{}');
      writeFileSync(join(cached, MANIFEST), bytes);
      await listModels({ cacheDir: folder });
    },
  },
];
