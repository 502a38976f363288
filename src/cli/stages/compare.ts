/** @file `vultune compare`: two detectors on the same functions, and whether their difference is noise. */
import { VultuneError } from '../../base/errors.ts';
import { readLabelledRecords } from '../../dataset/read-jsonl.ts';
import { calibrateAll } from '../../evaluation/calibration/calibration.ts';
import {
  compareModels,
  type ModelComparison,
  type ModelDifference,
} from '../../evaluation/compare-models.ts';
import { figureHeading } from '../../evaluation/figures.ts';
import { clusterRecords } from '../../evaluation/resampling/clusters.ts';
import type { CompareRequest } from '../commands/compare.ts';
import type { CliContext } from '../context.ts';
import { startProgress } from '../display/progress.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { checkContamination, contaminationCounts, runFiles } from './evaluation-inputs.ts';
import { snakeKeys } from './metric-names.ts';
import { ScoringRun } from './score-run.ts';

export async function compareStage(request: CompareRequest, context: CliContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  const [first, second] = request.runs.map((run) => new ScoringRun({ ...request, run }, context)) as [
    ScoringRun,
    ScoringRun,
  ];
  const path = request.data ?? commonTestFile(first, second);
  const records = await readLabelledRecords(path);
  const { found, rows } = await checkContamination(records, [first, second], context);
  if (rows.size > 0) {
    stderr.write(
      `${stderr.colors.warning(`CONTAMINATED: ${contaminationCounts(records, found!)}; whoever saw them has it easier`)}\n`,
    );
  }
  const scored = [];
  for (const run of [first, second]) {
    try {
      const scores = calibrateAll(run.calibration, await run.rawScores('scoring', path, records));
      scored.push({ scores, threshold: run.threshold });
    } finally {
      await run.close();
    }
  }
  const progress = startProgress({ label: 'intervals', total: request.resamples, unit: 'steps' }, stderr);
  try {
    const comparison = await compareModels(records, scored[0]!, scored[1]!, {
      clusters: clusterRecords(records, request.cluster),
      resamples: request.resamples,
      signal,
      onProgress: (done) => progress.update({ done }),
    });
    progress.stop();
    if (request.json) stdout.write(`${JSON.stringify(json(request, path, comparison), null, 2)}\n`);
    else stdout.write(text(request, comparison, stdout));
  } finally {
    progress.stop();
  }
}

function commonTestFile(first: ScoringRun, second: ScoringRun): string {
  const [a, b] = [first, second].map(({ run }) => run?.record.data.test_file?.sha256);
  const path = runFiles(first).test;
  if (path !== undefined && a === b) return path;
  throw new VultuneError(
    'COMPARE_NO_DATA',
    a === undefined || b === undefined
      ? 'not both runs name a test file'
      : 'the runs were tested on different files',
    { where: { name: 'data' }, hint: 'Give the functions to compare on with --data FILE.' },
  );
}

function text({ runs }: CompareRequest, comparison: ModelComparison, terminal: Terminal): string {
  const { colors } = terminal;
  const { functions, vulnerable, clusters, differences, delong } = comparison;
  const rows = differences.map((one) => [
    figureHeading(one.figure).label + (figureHeading(one.figure).better === 'lower' ? ' ↓' : ''),
    one.first.toFixed(3),
    one.second.toFixed(3),
    `${signed(one.second - one.first)} ${colors.muted(`${signed(one.interval.low)} to ${signed(one.interval.high)}`)}`,
    probability(one.pValue),
    better(one),
  ]);
  const right = { align: 'right' } as const;
  const test =
    delong === undefined
      ? ''
      : `DeLong's test of the ROC AUCs (functions taken as independent): z ${(-delong.z).toFixed(2)}, p ${probability(delong.pValue)}\n`;
  return [
    `${functions} functions, ${vulnerable} of them vulnerable, ${clusters.count} ${clusters.by}s\n`,
    `first: ${runs[0]}\nsecond: ${runs[1]}\n\n`,
    renderTable(
      [
        { heading: '' },
        { heading: 'first', ...right },
        { heading: 'second', ...right },
        { heading: 'difference, 95%' },
        { heading: 'p' },
        { heading: 'better' },
      ],
      rows,
      terminal,
    ),
    `\n${test}${colors.strong(comparison.verdict)}\n`,
  ].join('');
}

const better = ({ decided }: ModelDifference) => (decided === undefined ? 'noise' : decided);
const probability = (p: number) => (p < 0.001 ? '<0.001' : p.toFixed(3));
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

function json(
  { runs }: CompareRequest,
  path: string,
  { functions, vulnerable, clusters, differences, delong, verdict }: ModelComparison,
): Record<string, unknown> {
  const byFigure = Object.fromEntries(
    differences.map(({ figure, first, second, interval, pValue, decided }) => [
      figure,
      {
        first,
        second,
        difference: second - first,
        interval: [interval.low, interval.high],
        p_value: pValue,
        better: decided ?? null,
      },
    ]),
  );
  return {
    first: runs[0],
    second: runs[1],
    data: path,
    functions,
    vulnerable,
    cluster_by: clusters.by,
    clusters: clusters.count,
    differences: snakeKeys(byFigure),
    delong: delong === undefined ? null : { z: -delong.z, p_value: delong.pValue },
    verdict,
  };
}
