/** @file What a command is given to talk through, kept in memory: its two streams, an empty standard input, the exit codes that it sets. */
import { fakeTerminal } from './fake-terminal.ts';

/** @param stdout the terminal of the results; left out: no terminal */
export function cliContext(stdout: Parameters<typeof fakeTerminal>[0] = {}) {
  const exitCodes: number[] = [];
  return {
    stdout: fakeTerminal(stdout),
    stderr: fakeTerminal(),
    stdin: (async function* () {})(),
    env: {},
    signal: new AbortController().signal,
    setExitCode: (code: number) => exitCodes.push(code),
    exitCodes,
  };
}
