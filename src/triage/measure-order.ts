/** @file What triage did to the order of labelled findings: precision at the top before and after, with intervals by the bootstrap. */

import type { RankedScores } from '../evaluation/metrics/ranked-scores.ts';
import { averagePrecision, precisionAtTop } from '../evaluation/metrics/ranking.ts';
import type { Clusters } from '../evaluation/resampling/clusters.ts';
import { type Interval, pairedDifference, percentileInterval } from '../evaluation/resampling/intervals.ts';
import { asItIs, DEFAULT_RESAMPLES, resample } from '../evaluation/resampling/resample.ts';

export const TOPS = [5, 10, 20, 50] as const;

/** A labelled finding. */
export interface LabelledFinding {
  /** Where the scanner has it, 0-based; no two share one. */
  readonly before: number;
  /** Where triage has it. */
  readonly after: number;
  readonly isReal: boolean;
  /** Resampled together: findings of one file share functions, and so scores. */
  readonly file: string;
}

export interface OrderFigure {
  readonly value: number;
  /** 95%; undefined where most resamples have no value. */
  readonly interval: Interval | undefined;
}

export interface OrderComparison {
  readonly before: OrderFigure;
  readonly after: OrderFigure;
  /** After minus before, on the same resamples; undefined where most have no value. */
  readonly difference: Interval | undefined;
}

export interface OrderMeasures {
  /** Findings with a label. */
  readonly labelled: number;
  readonly real: number;
  readonly withoutLabel: number;
  /** Labels that belong to none of the findings. */
  readonly unused: number;
  readonly files: number;
  /** `k`: the precision of the first k; left out where fewer are labelled. */
  readonly tops: readonly (OrderComparison & { readonly k: number })[];
  /** Undefined where all labels are the same. */
  readonly averagePrecision: OrderComparison | undefined;
}

export interface MeasureOrderOptions {
  readonly signal?: AbortSignal | undefined;
  readonly seed?: number | undefined;
  readonly resamples?: number | undefined;
}

/** Throws the signal's reason when it is aborted. */
export async function measureOrder(
  findings: readonly LabelledFinding[],
  { signal, seed = 42, resamples = DEFAULT_RESAMPLES }: MeasureOrderOptions = {},
): Promise<Pick<OrderMeasures, 'labelled' | 'real' | 'files' | 'tops' | 'averagePrecision'>> {
  const real = findings.filter(({ isReal }) => isReal).length;
  const isMixed = real > 0 && real < findings.length;
  const clusters = byFile(findings);
  // The order itself is measured, as the reader meets it: no two findings tie.
  const orders = [findings.map(({ before }) => -before), findings.map(({ after }) => -after)];
  const records = findings.map(({ isReal }) => ({ target: isReal ? (1 as const) : (0 as const) }));
  const subjects = orders.map((scores) => ({ records, scores, threshold: 0 }));
  const figures: ((ranked: RankedScores) => number)[] = [
    ...TOPS.filter((k) => k <= findings.length).map(
      (k) => (ranked: RankedScores) => precisionAtTop(ranked, k),
    ),
    ...(isMixed ? [averagePrecision] : []),
  ];
  const replicates = subjects.map(() => figures.map(() => new Float64Array(resamples)));
  if (figures.length > 0) {
    await resample(
      subjects,
      (r, subject, { ranked }) => {
        for (const [f, figure] of figures.entries()) replicates[subject]![f]![r] = figure(ranked);
      },
      { clusters, resamples, seed, signal },
    );
  }
  const compared = figures.map((figure, f): OrderComparison => {
    const [before, after] = subjects.map((subject, s): OrderFigure => {
      return { value: figure(asItIs(subject).ranked), interval: percentileInterval(replicates[s]![f]!) };
    });
    const difference = pairedDifference(replicates[1]![f]!, replicates[0]![f]!)?.interval;
    return { before: before!, after: after!, difference };
  });
  return {
    labelled: findings.length,
    real,
    files: clusters.count,
    tops: TOPS.filter((k) => k <= findings.length).map((k, f) => ({ k, ...compared[f]! })),
    averagePrecision: isMixed ? compared.at(-1) : undefined,
  };
}

function byFile(findings: readonly LabelledFinding[]): Clusters {
  const ids = new Map<string, number>();
  const of = Uint32Array.from(findings, ({ file }) => {
    if (!ids.has(file)) ids.set(file, ids.size);
    return ids.get(file)!;
  });
  return { by: 'function', count: ids.size, of };
}
