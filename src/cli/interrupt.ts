/**
 * @file Ctrl-C, SIGTERM and the hang-up of a terminal: the first asks the command to finish the step and leave everything
 * in order, the second ends it at once. A terminal that closes sends its signal more than once: that one only ever asks.
 */
import { setMaxListeners } from 'node:events';
import { EXIT_HUNG_UP, EXIT_INTERRUPTED, EXIT_TERMINATED } from './report-error.ts';

type Asking = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const EXIT_CODES: Readonly<Record<Asking, number>> = {
  SIGINT: EXIT_INTERRUPTED,
  SIGTERM: EXIT_TERMINATED,
  SIGHUP: EXIT_HUNG_UP,
};

/** The part of `process` that is used. */
export interface SignalSource {
  on(signal: Asking, listener: () => void): unknown;
  off(signal: Asking, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * `process`, with an exit that nothing holds up: Node's own waits for its threads, and one that opens a named pipe without a
 * writer never comes back. So the signal itself ends the process, after every other listener of `exit` has tidied up.
 */
export const processSignals: SignalSource = {
  on: (signal, listener) => process.on(signal, listener),
  off: (signal, listener) => process.off(signal, listener),
  exit(code) {
    process.once('exit', () => {
      for (const signal of Object.keys(EXIT_CODES)) process.removeAllListeners(signal);
      process.kill(process.pid, code - 128);
    });
    process.exit(code);
  },
};

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code of a command that the signal ended: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
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
  const listeners = (Object.keys(EXIT_CODES) as Asking[]).map((name) => {
    const listener = () => {
      if (controller.signal.aborted) {
        if (name !== 'SIGHUP') source.exit(EXIT_CODES[name]);
        return;
      }
      exitCode = EXIT_CODES[name];
      note('stopping after the current computation; press Ctrl-C again to stop at once');
      controller.abort();
    };
    source.on(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose() {
      for (const { name, listener } of listeners) source.off(name, listener);
    },
  };
}
