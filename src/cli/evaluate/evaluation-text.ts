/** @file What `vultune evaluate` prints for people. Computes only means over runs. */
import { type FigureName, figureHeading, figureValue } from '../../evaluation/figures.ts';
import type { AtPrevalence } from '../../evaluation/prevalence.ts';
import { meanOfRuns } from '../../workflows/evaluate/ensemble.ts';
import type { EvaluatedRun, Evaluation } from '../../workflows/evaluate/evaluation.ts';
import type { CheckedContamination } from '../../workflows/evaluate/evaluation-files.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { cweTable } from './cwe-table.ts';
import { evaluationTable, range } from './evaluation-table.ts';
import { slicesTable } from './slices-table.ts';

/** @param slices whether every slice is shown */
export function evaluationText(
  evaluation: Evaluation,
  { slices }: { readonly slices: boolean },
  terminal: Terminal,
): string {
  const { evaluated, ensemble, contamination, dropped, isValidation } = evaluation;
  const { colors } = terminal;
  const shown = ensemble ?? evaluated[0]!;
  return [
    ensemble === undefined ? '' : `${runsTable(evaluated, terminal)}\n`,
    evaluationTable(shown.comparison, terminal),
    shown.atPrevalence === undefined ? '' : `${prevalenceText(shown.atPrevalence)}\n`,
    slicesTable(shown.slices, slices, terminal),
    ...evaluated.flatMap(({ run, cwe }) =>
      cwe === undefined
        ? []
        : [cweTable(cwe, ensemble === undefined ? 'CWE head' : `CWE head of ${run.name}`, terminal)],
    ),
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
