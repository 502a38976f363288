/** @file Ctrl-C: the first asks the command to finish the step and leave everything in order, the second kills. */
import { setMaxListeners } from 'node:events';
import { EXIT_INTERRUPTED } from './report-error.ts';

/** The part of `process` that is used. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): void;
}

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

export function listenForInterrupt(source: SignalSource, note: (text: string) => void): Interrupt {
  const controller = new AbortController();
  // Every task under way listens: Node would warn of a leak from the eleventh on.
  setMaxListeners(0, controller.signal);
  const listener = () => {
    if (controller.signal.aborted) {
      source.exit(EXIT_INTERRUPTED);
      return;
    }
    note('\nstopping after what is being computed; press Ctrl-C again to stop at once\n');
    controller.abort();
  };
  source.on('SIGINT', listener);
  source.on('SIGTERM', listener);
  return {
    signal: controller.signal,
    dispose() {
      source.off('SIGINT', listener);
      source.off('SIGTERM', listener);
    },
  };
}
