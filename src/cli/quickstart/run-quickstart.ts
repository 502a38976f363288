/** @file `vultune quickstart`: data, model, training, a scan, and one screen of what came out. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrainConfig } from '../../config/load.ts';
import { readLabelledRecords } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { bandOf } from '../../scan/bands.ts';
import { openDetector } from '../../workflows/open/open-detector.ts';
import { scoreScale } from '../../workflows/scan/score-scale.ts';
import { checkTrainInputs } from '../../workflows/train/inputs.ts';
import { startTraining } from '../../workflows/train/train.ts';
import type { CutPart } from '../../workflows/train/truncation-text.ts';
import type { QuickstartRequest } from '../commands/quickstart.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { howToResume } from '../train/run-train.ts';
import { type DatasetParts, prepareDataset, sampleTraining } from './data.ts';
import { type EndingFacts, ending, type ScannedPackage, type TrainingFacts } from './ending.ts';
import { chooseModel } from './model.ts';
import { choosePackage, type FetchRelease, type FunctionLimits, scanPackage } from './scan.ts';
import { quickstartModel, quickstartSettings } from './settings.ts';

/** Functions of the package that is scanned. */
const SCANNED: FunctionLimits = { least: 20, most: 200 };
const SCANNED_QUICK: FunctionLimits = { least: 8, most: 50 };

export interface QuickstartParts extends DatasetParts {
  readonly fetchRelease: FetchRelease;
}

export function runQuickstart(parts: QuickstartParts) {
  return async (request: QuickstartRequest, context: CliContext): Promise<void> => {
    const started = performance.now();
    const { stdout, stderr } = context;
    const title = (number: number, text: string) =>
      stderr.write(`\n${stderr.colors.heading(`[${number}/5] ${text}`)}\n`);
    title(1, 'vulnerable functions and their fixes from published packages');
    const dataset = await prepareDataset(parts, request, context);
    const testFile = join(dataset, 'test.jsonl');
    title(2, 'the language model');
    const baseModel = await chooseModel(context, request.baseModel);
    title(3, 'fine-tuning');
    const run = freeFolder(join(request.dir, 'runs'));
    const config = parseTrainConfig(
      {
        ...quickstartSettings(baseModel, request),
        seed: request.seed,
        base_model: baseModel,
        train_file: await sampleTraining(dataset, quickstartModel(baseModel).trainFunctions, context),
        valid_file: join(dataset, 'valid.jsonl'),
        test_file: testFile,
        output_dir: run,
      },
      'quickstart',
    );
    const inputs = await checkTrainInputs(config);
    const trained = await startTraining({ config, inputs }, reporting(context));
    if (trained.status !== 'finished') {
      stderr.write(howToResume(run));
      return;
    }
    title(4, 'a scan: one package of the test part, in its vulnerable release');
    const test = await readLabelledRecords(testFile);
    const scanned = await scanOne(parts, { run, test, ...request }, context);
    const judged = await judgeExamples(run, test, context);
    title(5, 'what came out');
    const { comparisons, withoutBlend, truncation } = trained;
    const facts: EndingFacts = {
      quick: request.quick,
      comparison: comparisons.get('test')!,
      withoutBlend,
      ...judged,
      training: {
        ...trainingFacts(inputs.find(({ key }) => key === 'train_file')!.records, truncation),
        baseModel: quickstartModel(baseModel).name,
        keepLayers: config.keep_layers,
        maxLength: config.max_length,
      },
      scanned,
      run,
      tookMs: performance.now() - started,
    };
    stdout.write(ending(facts, stdout));
  };
}

function trainingFacts(
  records: readonly LabelledRecord[],
  truncation: readonly CutPart[],
): Pick<TrainingFacts, 'functions' | 'vulnerable' | 'projects' | 'truncated' | 'leftOut'> {
  const cut = truncation.find(({ key }) => key === 'train_file');
  return {
    functions: records.length,
    vulnerable: records.filter(({ target }) => target === 1).length,
    projects: new Set(records.map(({ project }) => project)).size,
    truncated: cut?.truncated ?? 0,
    leftOut: cut?.leftOut ?? 0,
  };
}

/** Undefined when no package could be fetched. Interrupted: throws the signal's reason. */
async function scanOne(
  { fetchRelease }: QuickstartParts,
  {
    dir,
    quick,
    run,
    test,
  }: QuickstartRequest & { readonly run: string; readonly test: readonly LabelledRecord[] },
  context: CliContext,
): Promise<ScannedPackage | undefined> {
  const limits = quick ? SCANNED_QUICK : SCANNED;
  const chosen = await choosePackage(test, fetchRelease, limits, context.signal);
  if (chosen === undefined) {
    context.stderr.write('skipped: no package of the test part can be fetched, or none has the right size\n');
    return undefined;
  }
  const folder = join(dir, 'packages', `${chosen.name.replace('/', '-')}-${chosen.version}`);
  const scanned = await scanPackage(chosen, { run, folder }, context);
  context.stderr.write(
    `${harmless(`${scanned.release}; all its findings: npx vultune scan ${run} ${folder} --no-gitignore`)}\n`,
  );
  return scanned;
}

/** runs/1, runs/2 ...: a second quickstart leaves the first one's run alone. */
function freeFolder(parent: string): string {
  let number = 1;
  while (existsSync(join(parent, `${number}`))) number++;
  return join(parent, `${number}`);
}

/** A vulnerable function, its fix, and one that no fix touched, as a scan would judge them. */
async function judgeExamples(
  run: string,
  test: readonly LabelledRecord[],
  context: CliContext,
): Promise<Pick<EndingFacts, 'examples' | 'threshold' | 'usesBlend'>> {
  const vulnerable = test.find(({ set, pair }) => set === 'P1' && pair !== undefined);
  const fixed = test.find(({ set, pair }) => set === 'P2' && pair === vulnerable?.pair);
  const other = test.find(({ set }) => set === 'P3');
  const records = [vulnerable, fixed, other].filter((record) => record !== undefined);
  const { threshold, uncertainFrom } = await scoreScale({ run }, locateAdapter(run));
  const detector = await openDetector({ run, device: 'cpu' }, reporting(context));
  try {
    const { scores } = await detector.judge(records.map(({ code }) => code));
    const examples = records.map((record, i) => ({
      record,
      score: scores[i]!,
      band: bandOf(scores[i]!, { threshold, uncertainFrom }),
    }));
    return { examples, threshold, usesBlend: detector.scale.blend !== undefined };
  } finally {
    await detector.close();
  }
}
