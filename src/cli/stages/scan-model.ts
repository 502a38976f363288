/** @file The detector of a scan, opened when the first score is missing: a scan that finds all in the cache never does. */
import type { AdapterHeader } from '../../peft/adapter-files.ts';
import type { Scorer } from '../../scan/scan-files.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { openDetector } from './open-detector.ts';

export interface LazyModel {
  readonly open: () => Promise<Scorer>;
  /** Whether it was opened or not. */
  readonly close: () => Promise<void>;
}

export function lazyModel(
  request: ScanRequest,
  header: AdapterHeader,
  context: CliContext,
  beforeOpening: () => void,
): LazyModel {
  let opened: Awaited<ReturnType<typeof openDetector>> | undefined;
  return {
    open: async (): Promise<Scorer> => {
      beforeOpening();
      const { device, numThreads, maxLength } = request;
      const detector = await openDetector(
        {
          run: header.folder,
          device,
          ...(numThreads === undefined ? {} : { numThreads }),
          ...(maxLength === undefined ? {} : { maxLength }),
        },
        context,
      );
      opened = detector;
      return {
        judge: (codes, signal, onProgress) =>
          detector.judge(codes, { signal, onProgress: ({ functions }) => onProgress?.(functions) }),
      };
    },
    close: async () => opened?.close(),
  };
}
