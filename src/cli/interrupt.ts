/** @file Ctrl-C and SIGTERM: the first asks the command to finish the step and leave everything in order, the second kills. */
import { setMaxListeners } from 'node:events';
import { EXIT_INTERRUPTED, EXIT_TERMINATED } from './report-error.ts';

/** The part of `process` that is used. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): void;
}

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code of a command that the signal ended: 130 for SIGINT, 143 for SIGTERM. */
  exitCode(): number;
  /** Stops listening. */
  dispose(): void;
}

/** @param note shows a line that stays. */
export function listenForInterrupt(source: SignalSource, note: (line: string) => void): Interrupt {
  const controller = new AbortController();
  // Every task under way listens: Node would warn of a leak from the eleventh on.
  setMaxListeners(0, controller.signal);
  let exitCode = EXIT_INTERRUPTED;
  const listenerFor = (code: number) => () => {
    if (controller.signal.aborted) {
      source.exit(code);
      return;
    }
    exitCode = code;
    note('stopping after what is being computed; press Ctrl-C again to stop at once');
    controller.abort();
  };
  const [onInterrupt, onTerminate] = [listenerFor(EXIT_INTERRUPTED), listenerFor(EXIT_TERMINATED)];
  source.on('SIGINT', onInterrupt);
  source.on('SIGTERM', onTerminate);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose() {
      source.off('SIGINT', onInterrupt);
      source.off('SIGTERM', onTerminate);
    },
  };
}
