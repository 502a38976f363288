/** @file What `vultune evaluate --json` prints. */
import { figureNames, figureValue } from '../../evaluation/figures.ts';
import { snakeKeys } from '../../evaluation/metrics/metric-names.ts';
import { comparisonJson, slicesJson } from '../../workflows/evaluate/comparison-json.ts';
import { cweJson } from '../../workflows/evaluate/cwe-json.ts';
import { meanOfRuns } from '../../workflows/evaluate/ensemble.ts';
import type { EvaluatedRun, Evaluation } from '../../workflows/evaluate/evaluation.ts';
import { driftJson } from '../../workflows/open/precision.ts';

export function evaluationJson(evaluation: Evaluation): Record<string, unknown> {
  const { data, evaluated, ensemble, contamination, dropped, isValidation } = evaluation;
  const about = {
    data,
    contamination: {
      checked: contamination.found !== undefined,
      exact: contamination.found?.exact.length ?? 0,
      near: contamination.found?.near.length ?? 0,
      dropped,
      validation: isValidation,
    },
  };
  if (ensemble === undefined) return { run: evaluated[0]!.run.name, ...about, ...oneJson(evaluated[0]!) };
  const mean = Object.fromEntries(
    figureNames.map((name) => [
      name,
      meanOfRuns(evaluated.map(({ comparison }) => figureValue(comparison.rows[0]!.result, name))) ?? null,
    ]),
  );
  return {
    ...about,
    runs: evaluated.map((one) => ({ run: one.run.name, ...oneJson(one) })),
    mean: snakeKeys(mean),
    ensemble: oneJson(ensemble),
  };
}

function oneJson({
  run,
  comparison,
  slices,
  atPrevalence: moved,
  cwe,
}: EvaluatedRun): Record<string, unknown> {
  return {
    ...comparisonJson(comparison),
    calibration: run.calibration ?? null,
    ...(run.drift === undefined ? {} : { precision_used: driftJson(run.drift) }),
    slices: slicesJson(slices),
    ...(cwe === undefined ? {} : { cwe: cweJson(cwe) }),
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
