/** @file `vultune serve`: options; the work is the stage's. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface ServeRequest {
  /** A run, or a folder with runs in it. */
  readonly dir: string;
  readonly host: string;
  readonly port: number;
}

export type ServeStage = (request: ServeRequest, context: CliContext) => Promise<void>;

export function serveCommand(stage: ServeStage): CliCommand {
  return (context) => {
    const command = new Command('serve')
      .summary('show runs in the browser, live while they train')
      .description(
        'Show the runs of a folder in the browser: a list, a comparison, and the page of each, which follows a ' +
          'training while it goes on. Reads only, and answers only this machine unless --host says otherwise.',
      )
      .argument('[dir]', 'a run, or a folder with runs in it', 'runs')
      .option(
        '--host <address>',
        'address to listen on; anything but loopback shows your runs to others',
        '127.0.0.1',
      )
      .addOption(
        new Option('--port <n>', 'port to listen on; 0 takes any free one')
          .argParser(parsePort)
          .default(8484),
      );
    addExamples(command, [
      ['all runs below ./runs', 'vultune serve'],
      ['one run, on another port', 'vultune serve runs/first --port 9000'],
    ]);
    return command.action((dir: string, options: Omit<ServeRequest, 'dir'>) =>
      stage({ dir, ...options }, context),
    );
  };
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 0 && port <= 65535)) {
    throw new InvalidArgumentError(`found ${text}, expected a port from 0 to 65535.`);
  }
  return port;
}
