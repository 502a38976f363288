/** @file What `lines --json` prints. */
import type { Interval } from '../../evaluation/resampling/intervals.ts';
import type { LineMeasures } from '../../explain/line-metrics.ts';
import type {
  ExplainedFunction,
  LineComparison,
  LinesOptions,
  LinesResult,
} from '../../workflows/lines/lines-options.ts';
import { driftJson } from '../../workflows/open/precision.ts';

export function linesJson(
  { run }: LinesOptions,
  { data, method, threshold, drift, functions, explained, measures }: LinesResult,
): object {
  return {
    run,
    data,
    method,
    threshold,
    ...(drift === undefined ? {} : { precision: driftJson(drift) }),
    functions_in_data: functions,
    functions: explained.map((one) => functionJson(one, threshold)),
    measures: measures === undefined ? null : measuresJson(measures, method),
  };
}

function functionJson(
  { input, score, truncated, explanation }: ExplainedFunction,
  threshold: number,
): object {
  const { id, path, name, firstLine, target, vulnerableLines } = input;
  return {
    id,
    path,
    function_name: name,
    line: firstLine,
    score,
    label: score >= threshold ? 1 : 0,
    target,
    truncated,
    line_scores: [...explanation.scores],
    read_lines: explanation.read.flatMap((isRead, line) => (isRead ? [line + 1] : [])),
    vulnerable_lines: vulnerableLines,
  };
}

function measuresJson({ functions, notRead, clusters, ...of }: LineComparison, method: string): object {
  const named = ({ top1, top5, top10, initialFalseAlarm }: LineMeasures) => ({
    top1,
    top5,
    top10,
    initial_false_alarm: initialFalseAlarm,
  });
  const pair = (interval: Interval | undefined) =>
    interval === undefined ? null : [interval.low, interval.high];
  return {
    functions,
    not_read: notRead,
    cluster_by: clusters.by,
    clusters: clusters.count,
    rankings: { [method]: named(of.method), random: named(of.random), longest_line: named(of.longestLine) },
    above_random: {
      top1: pair(of.aboveRandom.top1),
      top5: pair(of.aboveRandom.top5),
      top10: pair(of.aboveRandom.top10),
      initial_false_alarm: pair(of.aboveRandom.initialFalseAlarm),
    },
  };
}
