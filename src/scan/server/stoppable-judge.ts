/** @file A judge that is told when the service stops, and says when the model behind it is free to be closed. */
import type { Judge } from '../../judging/judge.ts';

export interface StoppableJudge extends Judge {
  /** Resolves when nothing is asked of the model any more. Never rejects. */
  idle(): Promise<void>;
}

/** Every call ends early when `signal` or its own signal fires. */
export function stoppableJudge(judge: Judge, signal: AbortSignal): StoppableJudge {
  const running = new Set<Promise<unknown>>();
  return {
    judge: async (codes, options = {}) => {
      signal.throwIfAborted();
      const signals = options.signal === undefined ? [signal] : [options.signal, signal];
      const judged = judge.judge(codes, { ...options, signal: AbortSignal.any(signals) });
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
