/** @file The `vultune` executable: joins the process (arguments, streams, signals, exit code) to the program. */
import { readFileSync } from 'node:fs';
import { stopEveryProgress, writeNote } from './display/progress.ts';
import { createTerminal, type OutputStream } from './display/terminal.ts';
import { listenForInterrupt, processSignals } from './interrupt.ts';
import { runCli } from './program.ts';
import { commandRegistry } from './registry.ts';
import { EXIT_INTERRUPTED } from './report-error.ts';

// The second Ctrl-C leaves at once: the cursor that a live line hid has to come back all the same.
process.on('exit', stopEveryProgress);

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const stderr = createTerminal(process.stderr as OutputStream, process.env);
const interrupt = listenForInterrupt(processSignals, (line) => writeNote(line, stderr));
const stdout = createTerminal(process.stdout as OutputStream, process.env);
const code = await runCli(
  process.argv.slice(2),
  { version, commands: [], groups: commandRegistry(version) },
  {
    stdout,
    stderr,
    stdin: process.stdin,
    env: process.env,
    signal: interrupt.signal,
  },
);
process.exitCode = code === EXIT_INTERRUPTED ? interrupt.exitCode() : code;
interrupt.dispose();
