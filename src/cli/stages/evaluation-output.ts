/** @file What `vultune evaluate` says, as text or as JSON. Computes nothing but means over runs. */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import { type FigureName, figureHeading, figureNames, figureValue } from '../../evaluation/figures.ts';
import { type AtPrevalence, atPrevalence } from '../../evaluation/prevalence.ts';
import type { SliceResult } from '../../evaluation/slices/evaluate-slices.ts';
import type { EvaluateRequest } from '../commands/evaluate.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { comparisonJson, slicesJson } from './comparison-json.ts';
import { meanOfRuns } from './ensemble.ts';
import type { CheckedContamination } from './evaluation-inputs.ts';
import { evaluationTable, range } from './evaluation-table.ts';
import { snakeKeys } from './metric-names.ts';
import type { PreparedRun } from './prepare-run.ts';
import { slicesTable } from './slices-table.ts';

export interface EvaluatedRun {
  readonly run: PreparedRun;
  readonly comparison: Comparison;
  readonly slices: readonly SliceResult[];
}

export interface EvaluationOutput {
  readonly request: EvaluateRequest;
  readonly test: readonly LabelledRecord[];
  /** One a run. */
  readonly evaluated: readonly EvaluatedRun[];
  /** Of several runs. */
  readonly ensemble: EvaluatedRun | undefined;
  readonly contamination: CheckedContamination;
  /** Functions left out because they were trained on. */
  readonly dropped: number;
  /** Whether the file chose a run's checkpoint and threshold. */
  readonly isValidation: boolean;
}

export function evaluationText(output: EvaluationOutput, terminal: Terminal): string {
  const { request, evaluated, ensemble, contamination, dropped, isValidation } = output;
  const { colors } = terminal;
  const shown = ensemble ?? evaluated[0]!;
  const moved = prevalenceOf(shown, request.prevalence);
  return [
    ensemble === undefined ? '' : `${runsTable(evaluated, terminal)}\n`,
    evaluationTable(shown.comparison, terminal),
    moved === undefined ? '' : `${prevalenceText(moved)}\n`,
    slicesTable(shown.slices, request.slices, terminal),
    ...contaminationText(contamination, dropped).map((line) => `${colors.warning(line)}\n`),
    isValidation ? `${colors.warning(VALIDATION)}\n` : '',
    `\n${colors.muted(HONEST)}\n`,
  ].join('');
}

const HONEST =
  'A score is a hint where to look, not a verdict: labels come from fixing commits, and what a function calls is not seen.';

const VALIDATION =
  'This is the validation file: it chose the checkpoint, the calibration and the threshold, so these figures are too good.';

const RUN_FIGURES: readonly FigureName[] = ['rocAuc', 'averagePrecision', 'f1', 'P-C'];

/** A line a run, then mean ± standard deviation. */
function runsTable(evaluated: readonly EvaluatedRun[], terminal: Terminal): string {
  const value = ({ comparison }: EvaluatedRun, name: FigureName) =>
    figureValue(comparison.rows[0]!.result, name);
  const shown = RUN_FIGURES.filter((name) => evaluated.some((one) => value(one, name) !== undefined));
  const lines = evaluated.map((one) => [
    one.run.name,
    ...shown.map((name) => value(one, name)?.toFixed(3) ?? '–'),
  ]);
  const means = shown.map((name) => {
    const { mean, sd } = meanOfRuns(evaluated.map((one) => value(one, name)))!;
    return `${mean.toFixed(3)} ± ${sd?.toFixed(3) ?? '–'}`;
  });
  const columns = [{ heading: '' }, ...shown.map((name) => ({ heading: figureHeading(name).label }))];
  return renderTable(columns, [...lines, [terminal.colors.strong('mean ± sd'), ...means]], terminal);
}

function prevalenceOf(
  { comparison }: EvaluatedRun,
  prevalence: number | undefined,
): AtPrevalence | undefined {
  const { recall, falsePositiveRate } = comparison.rows[0]!.result.metrics;
  if (prevalence === undefined || recall === undefined || falsePositiveRate === undefined) return undefined;
  return atPrevalence({ recall, falsePositiveRate }, prevalence, comparison.bootstrap?.modelReplicates);
}

function prevalenceText(moved: AtPrevalence): string {
  const { prevalence, precision, precisionInterval, alertsPer1000, foundPer1000 } = moved;
  const interval = precisionInterval === undefined ? '' : ` (95%: ${range(precisionInterval)})`;
  return (
    `Where ${Number((100 * prevalence).toPrecision(6))}% of functions are vulnerable: precision ${precision.toFixed(3)}${interval}; of 1000 functions ` +
    `${alertsPer1000.toFixed(1)} are flagged, ${foundPer1000.toFixed(1)} of them vulnerable, out of ${(1000 * prevalence).toFixed(1)}.`
  );
}

function contaminationText({ found, rows }: CheckedContamination, dropped: number): string[] {
  if (found === undefined)
    return ['Not checked for contamination: nothing is known of the training functions.'];
  if (rows.size === 0) return [];
  const counts = `${rows.size} test functions were trained on (${found.exact.length} the same, ${found.near.length} nearly)`;
  if (dropped > 0) return [`${counts}: left out.`];
  return [`CONTAMINATED: ${counts} and count: these figures are too good.`];
}

export function evaluationJson(output: EvaluationOutput): Record<string, unknown> {
  const { request, evaluated, ensemble, contamination, dropped } = output;
  const one = (evaluation: EvaluatedRun) => oneJson(evaluation, request);
  const about = {
    data: request.data,
    contamination: {
      checked: contamination.found !== undefined,
      exact: contamination.found?.exact.length ?? 0,
      near: contamination.found?.near.length ?? 0,
      dropped,
      validation: output.isValidation,
    },
  };
  if (ensemble === undefined) return { run: request.runs[0], ...about, ...one(evaluated[0]!) };
  const mean = Object.fromEntries(
    figureNames.map((name) => [
      name,
      meanOfRuns(evaluated.map(({ comparison }) => figureValue(comparison.rows[0]!.result, name))) ?? null,
    ]),
  );
  return {
    ...about,
    runs: evaluated.map((evaluation) => ({ run: evaluation.run.name, ...one(evaluation) })),
    mean: snakeKeys(mean),
    ensemble: one(ensemble),
  };
}

function oneJson(evaluation: EvaluatedRun, request: EvaluateRequest): Record<string, unknown> {
  const moved = prevalenceOf(evaluation, request.prevalence);
  return {
    ...comparisonJson(evaluation.comparison),
    calibration: evaluation.run.calibration ?? null,
    slices: slicesJson(evaluation.slices),
    ...(moved === undefined
      ? {}
      : {
          at_prevalence: {
            prevalence: moved.prevalence,
            precision: moved.precision,
            ...(moved.precisionInterval === undefined
              ? {}
              : { precision_interval: [moved.precisionInterval.low, moved.precisionInterval.high] }),
            alerts_per_1000: moved.alertsPer1000,
            found_per_1000: moved.foundPer1000,
          },
        }),
  };
}
