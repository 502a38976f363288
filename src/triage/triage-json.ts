/** @file Triage as JSON, for scripts and agents. A field that is added later breaks none. */
import { describeUnscored, triageCautions, triageNotes } from './describe-triage.ts';
import type { TriagedFinding, TriageReport } from './triaged.ts';

/** `top`: the first so many findings; default: all. */
export function triageJson(report: TriageReport, top = Number.POSITIVE_INFINITY): object {
  const {
    findings,
    suppressBelow,
    measured,
    blend,
    measures,
    notRead: _said,
    cautions: _too,
    ...rest
  } = report;
  return {
    formatVersion: 1,
    ...rest,
    measured: measured ?? null,
    blend: blend ?? null,
    suppressBelow: suppressBelow ?? null,
    cautions: triageCautions(report),
    notes: triageNotes(report),
    measures: measures ?? null,
    findings: findings.slice(0, top).map((one) => findingJson(one, report.threshold)),
    ...(findings.length > top ? { findingsNotShown: findings.length - top } : {}),
  };
}

function findingJson(
  { finding, rank, file, line, judged, unscored, suppress }: TriagedFinding,
  threshold: number,
): object {
  const { tool, rule, message, run, result } = finding;
  return {
    rank,
    tool,
    rule,
    message,
    file: file ?? null,
    line: line ?? null,
    score: judged?.score ?? null,
    ...(judged === undefined
      ? {}
      : {
          aboveThreshold: judged.score >= threshold,
          band: judged.band,
          function: judged.name,
          functionLines: [judged.startLine, judged.endLine],
          truncated: judged.truncated,
        }),
    ...(unscored === undefined ? {} : { unscored: unscored.reason, why: describeUnscored(unscored) }),
    ...(suppress ? { suppressed: true } : {}),
    ...(finding.isSuppressed ? { suppressedByScanner: true } : {}),
    /** Where it stands in the log. */
    run,
    result,
  };
}
