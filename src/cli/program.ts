/**
 * @file The program out of its commands: help, usage errors, exit codes. Which commands there are is told by the
 * caller, so that tests bring their own.
 */
import { setImmediate } from 'node:timers/promises';
import { type Argument, Command, CommanderError, Help } from 'commander';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import type { CliContext } from './context.ts';
import { stopEveryProgress } from './display/progress.ts';
import type { Terminal } from './display/terminal.ts';
import { EXIT_INTERRUPTED, reportError } from './report-error.ts';
import { settingHint } from './usage-hint.ts';

/** Builds one command (with its subcommands); the context is that of the run. */
export type CliCommand = (context: CliContext) => Command;

const MOST_HELP_COLUMNS = 100;

const HELP_END = `
Examples:
  # everything once, in about ten minutes: data, training, figures, a scan
  vultune quickstart
  # your own data, your own model
  vultune train train.yaml
  # scan a source tree with the result
  vultune scan runs/first src

Exit codes:
  0    done
  1    a check failed, or a scan has findings
  2    bad input or usage, or a file that cannot be read or written
  70   a bug in vultune
  130  interrupted by Ctrl-C (143: by SIGTERM; 129: its terminal closed)
  141  predict: the reader of its output left early (\`| head\`)
Training continues when its display is closed, and a scan exits with the code of
its findings even when nobody reads them.

Every command has its own help, with examples: vultune train --help`;

/** Commands under one heading of the help. */
export interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly CliCommand[];
}

export interface ProgramOptions {
  readonly version: string;
  readonly commands: readonly CliCommand[];
  /** After the others. */
  readonly groups?: readonly CommandGroup[];
}

export function createProgram(
  { version, commands, groups = [] }: ProgramOptions,
  context: CliContext,
): Command {
  const program = new Command('vultune')
    .description(
      'Fine-tune language models to tell vulnerable functions from safe ones, and measure them honestly.',
    )
    .version(version, '-V, --version', 'print the version')
    // An option belongs to the command it follows: `data build` and `data build npm` both have --out.
    .enablePositionalOptions()
    .addHelpText('after', HELP_END);
  for (const command of commands) program.addCommand(command(context));
  for (const group of groups) {
    program.commandsGroup(`${group.heading}:`);
    for (const command of group.commands) program.addCommand(command(context));
  }
  for (const command of allCommands(program)) quiet(command, context);
  return program;
}

/**
 * Runs one command line (without `node` and the script).
 * @returns the exit code, as the help says them; 130 for an interruption by whichever signal.
 */
export async function runCli(
  argv: readonly string[],
  options: ProgramOptions,
  context: Omit<CliContext, 'setExitCode'>,
): Promise<number> {
  const code = await runCommand(argv, options, context);
  // Any other code has been explained already.
  if (code > 1) return code;
  try {
    await requireWritten(context.stdout);
  } catch (error) {
    return reportError(error, context);
  }
  return code;
}

async function runCommand(
  argv: readonly string[],
  options: ProgramOptions,
  context: Omit<CliContext, 'setExitCode'>,
): Promise<number> {
  let exitCode = 0;
  const setExitCode = (code: number) => {
    exitCode = code;
  };
  const program = createProgram(options, { ...context, setExitCode });
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
  } catch (error) {
    stopEveryProgress();
    return reportError(usageError(error, argv), context);
  } finally {
    stopEveryProgress();
  }
  return exitCode === 0 && context.signal.aborted ? EXIT_INTERRUPTED : exitCode;
}

/**
 * Waits until the results are with whoever reads them. A reader that left early (`| head`) has what it wanted: the code is
 * then the command's own. @throws VultuneError where they could not be written: `DISK_FULL` ...
 */
async function requireWritten(terminal: Terminal): Promise<void> {
  await new Promise<void>((resolve) => terminal.stream.write('', () => resolve()));
  // The stream tells its listeners after the writer.
  await setImmediate();
  const error = terminal.failure();
  if (error !== undefined && error.code !== 'EPIPE') throw fileError(error, 'the standard output', 'write');
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** Commander throws instead of leaving the process, and writes where the context says. */
function quiet(command: Command, { stdout, stderr }: CliContext): void {
  if (command.commands.length > 0) {
    const help = new Command('help [command]').description('print the help of a command');
    const hasGroups = command.commands.some((one) => one.helpGroup() !== '');
    command.addHelpCommand(hasGroups ? help.helpGroup('Help:') : help);
  }
  command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => {}, // reported once, by reportError
      getOutHelpWidth: () => Math.min(MOST_HELP_COLUMNS, stdout.columns()),
      getErrHelpWidth: () => Math.min(MOST_HELP_COLUMNS, stderr.columns()),
      getOutHasColors: () => stdout.colors.strong('x') !== 'x',
      getErrHasColors: () => stderr.colors.strong('x') !== 'x',
    })
    .configureHelp({
      styleTitle: (text) => stdout.colors.heading(text),
      // Options are in the command's own help.
      subcommandTerm: (subcommand) =>
        [subcommand.name(), ...subcommand.registeredArguments.map(argumentTerm)].join(' '),
      // That a switch is off unless it is given goes without saying.
      optionDescription: (option) => new Help().optionDescription(option).replace(/ \(default: false\)$/, ''),
    });
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** Commander's complaint in the form of all others; help and version are not complaints. */
function usageError(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof CommanderError) || error.exitCode === 0) return error;
  if (error.code === 'commander.help') return new VultuneError('CLI_USAGE', 'a command is missing', {});
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const didYouMean = /\(Did you mean (.*)\?\)/.exec(suggestion ?? '')?.[1];
  const option = /^unknown option '(.*)'$/s.exec(message)?.[1];
  const setting = option === undefined ? undefined : settingHint(argv, option);
  const fallback =
    didYouMean === undefined
      ? 'vultune --help lists the commands, vultune COMMAND --help its options'
      : `did you mean ${didYouMean}?`;
  return new VultuneError('CLI_USAGE', message, {
    hint: setting ?? fallback,
    cause: error,
  });
}
