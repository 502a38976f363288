/** @file Adds the lines that mattered to the findings that show their code, where the format shows them. */

import type { LineCache } from '../../scan/cache/line-cache.ts';
import { explainFindings, type LineExplainer } from '../../scan/explain-findings.ts';
import type { Finding } from '../../scan/finding.ts';
import type { RunningTask } from '../../workflows/context.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { startProgress } from '../display/progress.ts';

/** SARIF and the annotations of a code-hosting site point at functions. */
const FORMATS_WITH_LINES: ReadonlySet<ScanRequest['format']> = new Set(['text', 'html', 'json']);

/** The findings as they are where lines are not wanted. */
export async function withLines(
  findings: readonly Finding[],
  { lines: wanted = true, format }: ScanRequest,
  { explain, lines }: { readonly explain: LineExplainer; readonly lines: LineCache },
  { signal, stderr }: CliContext,
): Promise<readonly Finding[]> {
  if (!wanted || !FORMATS_WITH_LINES.has(format)) return findings;
  let progress: RunningTask | undefined;
  try {
    return await explainFindings(findings, {
      explain,
      lines,
      signal,
      onProgress: (done, total) => {
        progress ??= startProgress({ label: 'lines that mattered', total, unit: 'functions' }, stderr);
        progress.update({ done, memoryBytes: process.memoryUsage.rss() });
      },
    });
  } finally {
    progress?.stop();
  }
}
