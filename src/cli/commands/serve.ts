/** @file `vultune serve`: its options. */
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  DEFAULT_HOST,
  DEFAULT_PORT,
  type ServeRunsOptions,
  type ServeScanOptions,
} from '../../workflows/serve/serve-options.ts';
import type { CliContext } from '../context.ts';
import { addBlendOption, addDeviceOptions, addExamples, type DeviceOptions } from '../options.ts';
import type { CliCommand } from '../program.ts';

export type RunServe = (options: ServeRunsOptions, context: CliContext) => Promise<void>;

export type RunServeScan = (options: ServeScanOptions, context: CliContext) => Promise<void>;

interface Options extends DeviceOptions, Pick<ServeScanOptions, 'blend'> {
  readonly host: string;
  readonly port: number;
  readonly scan?: string;
}

export function serveCommand(runServe: RunServe, runServeScan: RunServeScan): CliCommand {
  return (context) => {
    const command = new Command('serve')
      .summary('show runs in the browser, live while they train')
      .description(
        'Show the runs of a folder in the browser: a list, a comparison, and the page of each, which follows a ' +
          'training as it runs. Reads only, and answers only this machine unless --host says otherwise. With ' +
          '--scan instead: a service that scores functions for editors, POST /v1/score, described at /openapi.json.',
      )
      .argument('[dir]', 'a run, or a folder with runs in it', 'runs')
      .option(
        '--host <address>',
        'address to listen on; anything but loopback shows your runs to others',
        DEFAULT_HOST,
      )
      .addOption(
        new Option('--port <n>', 'port to listen on; 0 takes any free one')
          .argParser(parsePort)
          .default(DEFAULT_PORT),
      )
      .option(
        '--scan <run>',
        'score functions with this run (or adapter, or hub id) instead of showing runs',
      );
    addBlendOption(command);
    addDeviceOptions(command);
    addExamples(command, [
      ['all runs below ./runs', 'vultune serve'],
      ['one run, on another port', 'vultune serve runs/first --port 9000'],
      ['scores for an editor', 'vultune serve --scan runs/first'],
    ]);
    return command.action((dir: string, { scan, host, port, ...judging }: Options) =>
      scan === undefined
        ? runServe({ dir, host, port }, context)
        : runServeScan({ run: scan, host, port, ...judging }, context),
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
