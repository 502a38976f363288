/** @file Adds the lines that made the score to the findings that show their code. */
import type { LineCache } from '../../scan/cache/line-cache.ts';
import { explainFindings, type LineExplainer } from '../../scan/explain-findings.ts';
import type { Finding } from '../../scan/finding.ts';
import type { RunningTask, WorkflowContext } from '../context.ts';

export async function withLines(
  findings: readonly Finding[],
  explain: LineExplainer,
  lines: LineCache,
  { signal, report }: WorkflowContext,
): Promise<readonly Finding[]> {
  let task: RunningTask | undefined;
  try {
    return await explainFindings(findings, {
      explain,
      lines,
      signal,
      onProgress: (done, total) => {
        task ??= report.task({ label: 'lines that mattered', total, unit: 'functions' });
        task.update({ done, memoryBytes: process.memoryUsage.rss() });
      },
    });
  } finally {
    task?.stop();
  }
}
