/** @file `vultune quickstart`: data, model, training, evaluation, three predictions, a scan, and what to do next. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration } from '../../base/numbers.ts';
import { parseTrainConfig } from '../../config/load.ts';
import { readLabelledRecords } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { openDetector } from '../../workflows/open/open-detector.ts';
import type { RunResult } from '../../workflows/train/finish-run.ts';
import { checkTrainInputs } from '../../workflows/train/inputs.ts';
import { startTraining } from '../../workflows/train/train.ts';
import type { QuickstartRequest } from '../commands/quickstart.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { evaluationSummary } from '../evaluate/evaluation-table.ts';
import { howToResume } from '../train/run-train.ts';
import { type DatasetParts, prepareDataset } from './data.ts';
import { chooseModel } from './model.ts';
import { choosePackage, type FetchRelease, type FunctionLimits, scanPackage } from './scan.ts';
import { quickstartSettings } from './settings.ts';

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
    title(1, 'vulnerable functions and their fixes from npm packages');
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
        train_file: join(dataset, 'train.jsonl'),
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
    title(4, 'measured on the test part, beside its baselines');
    showResult(trained, request, context);
    const test = await readLabelledRecords(testFile);
    await showPredictions(run, test, context);
    title(5, 'a scan: one package of the test part, in its vulnerable release');
    const scanned = await showScan(parts, { run, test, ...request }, context);
    stdout.write(whatNext(run, testFile, scanned));
    stderr.write(`\ndone in ${formatDuration(performance.now() - started)}\n`);
  };
}

function showResult({ comparisons }: RunResult, { quick }: QuickstartRequest, { stdout }: CliContext): void {
  const test = comparisons.get('test');
  if (test !== undefined) stdout.write(evaluationSummary(test, stdout));
  if (quick) {
    const note = 'Four steps teach a model nothing: --quick shows that everything runs, no more.';
    stdout.write(`${stdout.colors.warning(note)}\n`);
  }
  stdout.write('\n');
}

/** The folder that was scanned; undefined when there was no package to be had. Interrupted: throws the signal's reason. */
async function showScan(
  { fetchRelease }: QuickstartParts,
  {
    dir,
    quick,
    run,
    test,
  }: QuickstartRequest & { readonly run: string; readonly test: readonly LabelledRecord[] },
  context: CliContext,
): Promise<string | undefined> {
  const limits = quick ? SCANNED_QUICK : SCANNED;
  const chosen = await choosePackage(test, fetchRelease, limits, context.signal);
  if (chosen === undefined) {
    context.stderr.write('skipped: no package of the test part can be fetched, or none has the right size\n');
    return undefined;
  }
  const folder = join(dir, 'packages', `${chosen.name.replace('/', '-')}-${chosen.version}`);
  await scanPackage(chosen, { run, folder }, context);
  return folder;
}

/** runs/1, runs/2 ...: a second quickstart leaves the first one's run alone. */
function freeFolder(parent: string): string {
  let number = 1;
  while (existsSync(join(parent, `${number}`))) number++;
  return join(parent, `${number}`);
}

/** A vulnerable function, its fix, and one that no fix touched. */
async function showPredictions(
  run: string,
  test: readonly LabelledRecord[],
  context: CliContext,
): Promise<void> {
  const { stdout } = context;
  const vulnerable = test.find(({ set, pair }) => set === 'P1' && pair !== undefined);
  const fixed = test.find(({ set, pair }) => set === 'P2' && pair === vulnerable?.pair);
  const other = test.find(({ set }) => set === 'P3');
  const examples = [vulnerable, fixed, other].filter((record) => record !== undefined);
  const detector = await openDetector({ run, device: 'cpu' }, reporting(context));
  try {
    const { scores } = await detector.judge(examples.map(({ code }) => code));
    const rows = examples.map((record, i) => [
      scores[i]!.toFixed(3),
      scores[i]! >= detector.threshold ? 'vulnerable' : 'safe',
      describe(record),
    ]);
    const columns = [
      { heading: 'score' },
      { heading: 'predicted' },
      { heading: 'three functions of the test part' },
    ];
    stdout.write(renderTable(columns, rows, stdout));
  } finally {
    await detector.close();
  }
}

function describe(record: LabelledRecord): string {
  const what = { P1: 'vulnerable', P2: 'its fix', P3: 'a function no fix touched' }[record.set ?? 'P3'];
  const where = [record.function_name, record.project].filter((part) => part !== undefined).join(' of ');
  return harmless(`${what}: ${where}${record.cve === undefined ? '' : ` (${record.cve})`}`);
}

function whatNext(run: string, testFile: string, scanned: string | undefined): string {
  const report = join(run, 'report.html');
  return `
The report, with curves and the most confident mistakes: open ${report} in a browser

What next
  scan your own code          npx vultune scan ${run} src
${scanned === undefined ? '' : `  all findings of that scan   npx vultune scan ${run} ${scanned} --no-gitignore\n`}\
  measure on labelled data    npx vultune evaluate ${run} --data ${testFile}
  train on your own data      npx vultune train --help
`;
}
