/** @file A scorer that is told when the service stops, and says when the model is free to be closed. Knows no model. */
import type { Scorer } from '../scan-files.ts';

export interface StoppableScorer extends Scorer {
  /** Resolves when nothing is asked of the model any more. Never rejects. */
  idle(): Promise<void>;
}

/** Every call ends early when `signal` or its own signal fires. */
export function stoppableScorer(scorer: Scorer, signal: AbortSignal): StoppableScorer {
  const running = new Set<Promise<unknown>>();
  return {
    judge: async (codes, given, onProgress) => {
      signal.throwIfAborted();
      const judged = scorer.judge(codes, AbortSignal.any([given, signal]), onProgress);
      running.add(judged);
      try {
        return await judged;
      } finally {
        running.delete(judged);
      }
    },
    idle: async () => void (await Promise.allSettled(running)),
  };
}
