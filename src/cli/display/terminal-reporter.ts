/** @file Draws what a workflow reports: notes and warnings as lines that stay, tasks as a line of progress. */
import type { Reporter, WorkflowContext } from '../../workflows/context.ts';
import type { CliContext } from '../context.ts';
import { harmless } from './harmless-text.ts';
import { startProgress, writeNote } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** @param now milliseconds; tests bring their own */
export function terminalReporter(terminal: Terminal, now?: () => number): Reporter {
  return {
    note: (text) => writeNote(harmlessLines(text), terminal),
    warn: (text) => writeNote(`${terminal.colors.warning('note:')} ${harmlessLines(text)}`, terminal),
    task: (task) => startProgress(task, terminal, now),
  };
}

/** Names and messages in it may come from files. */
const harmlessLines = (text: string) => text.split('\n').map(harmless).join('\n');

/** What a command hands to the workflow it runs: Ctrl-C stops it, and it reports on standard error. */
export function reporting({ signal, stderr }: CliContext): WorkflowContext {
  return { signal, report: terminalReporter(stderr) };
}
