/** @file The files of a run folder, each spoiled beside the right others: opened, logged to, shown as a page, resumed. */
import { cpSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { parseTrainConfig } from '../../src/config/load.ts';
import { collectRun } from '../../src/report/run/collect-run.ts';
import { comparisonPage } from '../../src/report/run/comparison-report.ts';
import { writeMistakeLines } from '../../src/report/run/mistake-lines.ts';
import { runReportPage } from '../../src/report/run/run-report.ts';
import { writeTensorboard } from '../../src/report/tensorboard/write-tensorboard.ts';
import { EventLog } from '../../src/runs/event-log.ts';
import { acquireLock } from '../../src/runs/lock.ts';
import { openRun } from '../../src/runs/run-folder.ts';
import { validationNegatives } from '../../src/workflows/scan/score-scale.ts';
import { withMovedModel } from '../../src/workflows/train/run-model.ts';
import { fakeRun } from '../support/fake-run.ts';
import { type FuzzTarget, fileTarget, texts } from './fuzz-target.ts';

/** Made once a thread; every input has a copy. */
let made: string | undefined;
function rightRun(): string {
  made ??= fakeRun({ functions: 8, epochs: 2, steps: 4 });
  return made;
}

function runTarget(
  file: string,
  read: (run: string) => void | Promise<void>,
  seeds: FuzzTarget['seeds'] = async () => [readFileSync(join(rightRun(), file))],
): FuzzTarget {
  const target = fileTarget(`run ${file}`, join('run', file), seeds, (_path, folder) =>
    read(join(folder, 'run')),
  );
  return {
    ...target,
    run: async (bytes, folder) => {
      cpSync(dirname(rightRun()), folder, { recursive: true });
      await target.run(bytes, folder);
    },
  };
}

/** Without sets where they say nothing of the file: their intervals take longest. */
async function showPages(run: string, withSets = true): Promise<void> {
  const data = await collectRun(run, { withSets });
  runReportPage(data);
  comparisonPage([data, { ...data, name: 'other' }]);
  writeTensorboard(run, join(run, 'tensorboard'));
}

const CONFIG = { base_model: 'm', train_file: 'a', valid_file: 'b', test_file: 'c', output_dir: 'r' };

const runJson = async () => {
  const record = JSON.parse(readFileSync(join(rightRun(), 'run.json'), 'utf8')) as object;
  const config = parseTrainConfig(CONFIG, 'run.json');
  const model = { baseFingerprint: 'f', path: '../m' };
  return [Buffer.from(JSON.stringify({ ...record, config, model }))];
};

/** The number of a process that is gone: no system has so many. */
const LOCK = { pid: 2 ** 30, host: hostname(), processStart: '99' };

export const RUN_TARGETS: readonly FuzzTarget[] = [
  runTarget('run.json', (run) => showPages(run, false), runJson),
  {
    ...runTarget(
      'run.json',
      (dir) => {
        const run = openRun(dir);
        withMovedModel(parseTrainConfig(run.record.config, run.paths.record), run);
      },
      runJson,
    ),
    name: 'run run.json (resumed)',
  },
  runTarget('metrics.json', (run) => showPages(run)),
  runTarget('events.jsonl', async (run) => {
    await showPages(run, false);
    const log = new EventLog(join(run, 'events.jsonl'));
    log.append({ type: 'interrupted', step: 1, checkpoint: 'x' });
    log.close();
    await collectRun(run, { withSets: false });
  }),
  runTarget('predictions/test.jsonl', (run) => showPages(run)),
  runTarget(
    'predictions/valid.jsonl',
    (run) => {
      validationNegatives(run);
    },
    async () => [readFileSync(join(rightRun(), 'predictions/test.jsonl'))],
  ),
  runTarget(
    'predictions/lines.json',
    (run) => showPages(run),
    async () => {
      const record = JSON.parse(readFileSync(join(rightRun(), '../test.jsonl'), 'utf8').split('\n')[0]!) as {
        code: string;
      };
      writeMistakeLines(join(rightRun(), 'predictions'), new Map([[record.code, [1, -1, 0.5]]]));
      return [readFileSync(join(rightRun(), 'predictions/lines.json'))];
    },
  ),
  fileTarget(
    'run run.lock',
    'run.lock',
    texts(JSON.stringify(LOCK), JSON.stringify({ ...LOCK, processStart: null })),
    (path) => acquireLock(path).release(),
  ),
];
