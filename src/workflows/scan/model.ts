/** @file The detector of a scan, opened when something is first asked of it: a scan that finds everything in the caches never opens it. */
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { explainLines } from '../../explain/line-scores.ts';
import type { Detector } from '../../judging/detector.ts';
import type { Judge } from '../../judging/judge.ts';
import type { LineExplainer } from '../../scan/explain-findings.ts';
import type { WorkflowContext } from '../context.ts';
import { openAdapter } from '../open/open-detector.ts';
import type { ScanOptions } from './scan-options.ts';

export interface LazyModel {
  readonly open: () => Promise<Judge>;
  /** By gradient: a scan has no time for more. */
  readonly explain: LineExplainer;
  /** Whether it was opened or not. */
  readonly close: () => Promise<void>;
}

export function lazyModel(
  { device, numThreads, maxLength }: ScanOptions,
  adapter: AdapterHeader,
  context: WorkflowContext,
  beforeOpening: () => void,
): LazyModel {
  let opened: Detector | undefined;
  const detector = async (): Promise<Detector> => {
    if (opened !== undefined) return opened;
    beforeOpening();
    opened = await openAdapter(adapter, { device, numThreads, maxLength }, context);
    return opened;
  };
  return {
    open: detector,
    explain: async (codes, signal) => {
      const explained = await explainLines(await detector(), codes, 'gradient', { signal });
      return explained.map(({ scores }) => scores);
    },
    close: async () => opened?.close(),
  };
}
