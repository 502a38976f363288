/**
 * @file The files that Vultune keeps for itself and goes on from: how each is written, and what is believed of it when it is
 * read. For tests that change them.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAdapterHeader } from '../../src/adapters/files/adapter-files.ts';
import { planLora } from '../../src/adapters/lora-plan.ts';
import {
  GatheredFileWriter,
  readGathered,
  readSummary,
} from '../../src/dataset/builder/gather/gathered-file.ts';
import {
  fingerprintTraining,
  formatFingerprints,
  parseFingerprints,
} from '../../src/evaluation/contamination.ts';
import { FeatureCache } from '../../src/network/feature-cache.ts';
import type { Run } from '../../src/runs/run-folder.ts';
import { fileLineCache } from '../../src/scan/cache/line-cache.ts';
import { fileOutlineIndex } from '../../src/scan/cache/outline-index.ts';
import { fileScoreCache } from '../../src/scan/cache/score-cache.ts';
import { outlineSource } from '../../src/scan/outline-source.ts';
import { classifierJudgement } from '../../src/tasks/classify.ts';
import { loadState, STATE_FILE, saveState } from '../../src/training/checkpoints.ts';
import { initialState } from '../../src/training/trainer-state.ts';
import { baselinesFor, readKeptBaselines } from '../../src/workflows/evaluate/kept-baselines.ts';
import { readScores, writeScores } from '../../src/workflows/evaluate/kept-scores.ts';
import { ownScores, recordScoredBy } from '../../src/workflows/evaluate/own-predictions.ts';
import { keepSpeed, readKeptSpeed } from '../../src/workflows/plan/known-speed.ts';
import { fixtureFolder, loraDefaults, makeModel, randomParameters, tinyConfig } from './tiny-model.ts';

export interface KeptFile {
  readonly name: string;
  /** As Vultune writes it. Returns its path. */
  readonly write: (folder: string) => Promise<string>;
  /** Its parts as they are believed; undefined for one that is computed again. @throws VultuneError where it is refused. */
  readonly read: (folder: string) => Promise<readonly unknown[]>;
}

const RECORDS = [0, 1, 0, 1].map((target, i) => ({
  code: `int f${i}(int a) { return a + ${i}; }`,
  target: target as 0 | 1,
}));
const SCORES = Float64Array.of(0.125, 0.75, 0.1 + 0.2, 1);
const partsOf = (scores: Float64Array | undefined) =>
  Array.from(scores ?? [], (score) => (Number.isNaN(score) ? undefined : score));

const { model } = makeModel(tinyConfig({ num_hidden_layers: 1 }));
const parameters = (seed: number) =>
  randomParameters(
    planLora(model, { ...loraDefaults, rank: 1, targetModules: ['q_proj'] }),
    classifierJudgement(model, 'last'),
    seed,
  );

const checkpoint: KeptFile = {
  name: 'training checkpoint',
  write: async (folder) => {
    const state = { ...initialState(parameters(1)), step: 3, epochLossNats: 0.5 };
    const best = { step: 2, metric: 0.7, parameters: parameters(2), validScores: SCORES };
    await saveState(folder, { ...state, optimizer: { ...state.optimizer, step: 3 }, best });
    return join(folder, STATE_FILE);
  },
  read: async (folder) => [(await loadState(folder, parameters(3)))?.state],
};

const IDS = [3, 1, 2];
const featureCache = (folder: string) =>
  new FeatureCache({ folder, maxBytes: 1e6, modelFingerprint: 'm', layerCount: 1, hiddenSize: 4 });
const features: KeptFile = {
  name: 'feature cache',
  write: async (folder) => {
    featureCache(folder).write(
      IDS,
      Float32Array.from({ length: 12 }, (_, i) => i / 7),
    );
    const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.f32'),
    );
    return join(folder, file!);
  },
  read: async (folder) => [featureCache(folder).read(IDS)],
};

const KEYS = ['a', 'b', 'c'].map((letter) => letter.repeat(22));
const fail = (cause: unknown) => {
  throw cause;
};
const onlyFile = (folder: string) => join(folder, readdirSync(folder)[0]!);

const scanScores: KeptFile = {
  name: 'scan scores',
  write: async (folder) => {
    fileScoreCache(folder, 'k', fail).add(
      KEYS.map((key, i) => [key, { score: SCORES[i]!, truncated: i === 1 }]),
    );
    return onlyFile(folder);
  },
  read: async (folder) => KEYS.map(fileScoreCache(folder, 'k', fail).get),
};

const scanLines: KeptFile = {
  name: "scan lines' scores",
  write: async (folder) => {
    fileLineCache(folder, 'k', fail).add(KEYS.map((key, i) => [key, [i, -0.5, 1e-20]]));
    return onlyFile(folder);
  },
  read: async (folder) => KEYS.map(fileLineCache(folder, 'k', fail).get),
};

const outlines: KeptFile = {
  name: 'scan outlines',
  write: async (folder) => {
    const index = fileOutlineIndex(folder, ['/root'], '1');
    for (const [i, key] of KEYS.entries()) {
      index.add(
        key,
        outlineSource({
          source: RECORDS.slice(i)
            .map(({ code }) => code)
            .join('\n'),
          language: 'c',
        }),
      );
    }
    index.save(true);
    return onlyFile(folder);
  },
  read: async (folder) => {
    const index = fileOutlineIndex(folder, ['/root'], '1');
    return KEYS.map((key) => index.get(key));
  },
};

const keptScores: KeptFile = {
  name: 'scores of an evaluation',
  write: async (folder) => {
    writeScores(join(folder, 'scores.jsonl'), RECORDS, SCORES);
    return join(folder, 'scores.jsonl');
  },
  read: async (folder) => partsOf(readScores(join(folder, 'scores.jsonl'), RECORDS)),
};

const keptBaselines: KeptFile = {
  name: 'baselines of an evaluation',
  write: async (folder) => {
    const run = { paths: { predictions: folder } } as Run;
    const options = { onBaseline: () => {}, signal: new AbortController().signal };
    await baselinesFor(run, { train: RECORDS, validation: RECORDS, test: RECORDS }, options);
    return onlyFile(folder);
  },
  read: async (folder) => {
    const kept = readKeptBaselines(onlyFile(folder), RECORDS.length);
    return (kept ?? []).map(({ threshold, thresholdFrom, fitted }) => [
      threshold,
      thresholdFrom,
      fitted.note,
      Array.from(fitted.score(RECORDS)),
    ]);
  },
};

/** An adapter with settings, for its identity. */
function adapterIn(folder: string) {
  const settings = {
    formatVersion: 1,
    threshold: 0.5,
    maxLength: 64,
    longFunctions: 'truncate',
    pooling: 'last',
  };
  mkdirSync(join(folder, 'adapter'), { recursive: true });
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
    writeFileSync(join(folder, 'adapter', name), readFileSync(join(fixtureFolder('llama'), 'adapter', name)));
  }
  writeFileSync(
    join(folder, 'adapter/vultune.json'),
    JSON.stringify({ ...settings, baseFingerprint: 'f', data: {} }),
  );
  return readAdapterHeader(join(folder, 'adapter'));
}

const ownPredictions = (file: string): KeptFile => ({
  name: `predictions/${file}`,
  write: async (folder) => {
    const predictions = join(folder, 'predictions');
    mkdirSync(predictions);
    const lines = RECORDS.map(({ target }, i) =>
      JSON.stringify({ id: i, score: 0.5, raw_score: SCORES[i], target }),
    );
    writeFileSync(join(predictions, 'valid.jsonl'), `${lines.join('\n')}\n`);
    await recordScoredBy(predictions, adapterIn(folder));
    return join(predictions, file);
  },
  read: async (folder) =>
    partsOf(
      await ownScores(
        join(folder, 'predictions'),
        'valid',
        readAdapterHeader(join(folder, 'adapter')),
        RECORDS,
      ),
    ),
});

const stagedUnit: KeptFile = {
  name: 'staged unit',
  write: async (folder) => {
    const path = join(folder, 'unit.jsonl');
    const writer = new GatheredFileWriter(path);
    for (const { code } of RECORDS) {
      writer.add({ role: 'unchanged', body: 'ab'.repeat(16), sketch: 'AAAA', tokens: 9 }, { code });
    }
    writer.commit({ changed: 1, added: 0, deleted: 2, files: { kept: 1 }, functions: {} });
    return path;
  },
  read: async (folder) => {
    const path = join(folder, 'unit.jsonl');
    const summary = readSummary(path);
    if (summary === undefined) return [undefined];
    const lines: unknown[] = [];
    for await (const line of readGathered(path)) lines.push([line.meta(), line.fields()]);
    return [[summary, lines]];
  },
};

const trainingFingerprints: KeptFile = {
  name: 'training_functions.bin',
  write: async (folder) => {
    const path = join(folder, 'training_functions.bin');
    writeFileSync(path, formatFingerprints(fingerprintTraining(RECORDS)));
    return path;
  },
  read: async (folder) => {
    const path = join(folder, 'training_functions.bin');
    const { bodies, sketches } = parseFingerprints(readFileSync(path), path);
    return [[bodies, Array.from(sketches)]];
  },
};

const blockSpeed: KeptFile = {
  name: 'speed of a block',
  write: async (folder) => {
    const cost = { fixedMs: 1.5, perTokenMs: 0.25 };
    const file = join(folder, 'speed.json');
    keepSpeed(file, 'block', { measuredAtMs: 7, forward: cost, backward: cost, last: cost, encodeMs: 3 });
    return file;
  },
  read: async (folder) => [readKeptSpeed(join(folder, 'speed.json'), 'block')],
};

export const KEPT_FILES: readonly KeptFile[] = [
  stagedUnit,
  trainingFingerprints,
  checkpoint,
  features,
  scanScores,
  scanLines,
  outlines,
  keptScores,
  keptBaselines,
  ownPredictions('scored-by.json'),
  ownPredictions('valid.jsonl'),
  blockSpeed,
];

/** The parts that are believed and are not as they were written. */
export const believedWrongly = (
  found: readonly unknown[],
  written: readonly unknown[],
  isEqual: (a: unknown, b: unknown) => boolean,
): readonly unknown[] => found.filter((part, i) => part !== undefined && !isEqual(part, written[i]));
