/** @file The figures of a CWE head as JSON. */
import type { CweEvaluation } from '../../evaluation/cwe/evaluate-cwe.ts';
import { bootstrapJson, intervalsJson } from './comparison-json.ts';

export function cweJson({
  functions,
  outside,
  unnamed,
  top1,
  top3,
  macroF1,
  intervals,
  majority,
  byClass,
  bootstrap,
}: CweEvaluation): Record<string, unknown> {
  return {
    functions,
    outside_classes: outside,
    without_cwe: unnamed,
    top1,
    top3,
    macro_f1: macroF1,
    intervals: intervalsJson(intervals),
    majority: { cwe: majority.id, top1: majority.top1, top3: majority.top3, macro_f1: majority.macroF1 },
    by_cwe: byClass.map(({ id, precision, ...figures }) => ({
      cwe: id,
      ...figures,
      precision: precision ?? null,
    })),
    bootstrap: bootstrapJson(bootstrap),
  };
}
