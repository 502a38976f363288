/** @file `vultune compare`: compares two runs and prints what differs, as text or as JSON. */
import { snakeKeys } from '../../evaluation/metrics/metric-names.ts';
import { type ComparedRuns, compare } from '../../workflows/compare/compare.ts';
import type { CompareRequest } from '../commands/compare.ts';
import type { CliContext } from '../context.ts';
import { formatDataTable } from '../display/data-table-format.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { comparisonCsv, comparisonPage } from './comparison-data-table.ts';
import { comparisonText } from './comparison-text.ts';

export async function runCompare(
  { json, format, ...options }: CompareRequest,
  context: CliContext,
): Promise<void> {
  const { stdout } = context;
  const compared = await compare(options, reporting(context));
  if (json) stdout.write(`${JSON.stringify(comparisonJson(compared), null, 2)}\n`);
  else if (format === 'csv') stdout.write(formatDataTable(comparisonCsv(compared), format));
  else if (format !== 'text') stdout.write(formatDataTable(comparisonPage(compared), format));
  else stdout.write(comparisonText(compared, stdout));
}

function comparisonJson({
  runs,
  data,
  functions,
  vulnerable,
  clusters,
  differences,
  delong,
  verdict,
}: ComparedRuns): Record<string, unknown> {
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
    first: named(runs[0]),
    second: named(runs[1]),
    data,
    functions,
    vulnerable,
    cluster_by: clusters.by,
    clusters: clusters.count,
    differences: snakeKeys(byFigure),
    delong: delong === undefined ? null : { z: -delong.z, p_value: delong.pValue },
    verdict,
  };
}

/** A single run by its name, as ever; a group as a list. */
const named = (runs: readonly string[]) => (runs.length === 1 ? runs[0] : runs);
