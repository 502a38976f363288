/** @file The detector of a scan, opened when something is first asked of it: a scan that finds all in the caches never does. */

import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { explainLines } from '../../explain/line-scores.ts';
import type { Detector } from '../../judging/detector.ts';
import type { Judge } from '../../judging/judge.ts';
import type { LineExplainer } from '../../scan/explain-findings.ts';
import { openDetector } from '../../workflows/open/open-detector.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';

export interface LazyModel {
  readonly open: () => Promise<Judge>;
  /** By gradient: a scan has no time for more. */
  readonly explain: LineExplainer;
  /** Whether it was opened or not. */
  readonly close: () => Promise<void>;
}

export function lazyModel(
  request: ScanRequest,
  header: AdapterHeader,
  context: CliContext,
  beforeOpening: () => void,
): LazyModel {
  let opened: Detector | undefined;
  const detector = async (): Promise<Detector> => {
    if (opened !== undefined) return opened;
    beforeOpening();
    const { device, numThreads, maxLength } = request;
    opened = await openDetector(
      {
        run: header.folder,
        device,
        ...(numThreads === undefined ? {} : { numThreads }),
        ...(maxLength === undefined ? {} : { maxLength }),
      },
      reporting(context),
    );
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
