/** @file `vultune experiment`: options of its parts; the work is the workflow's. */
import { Command, Option } from 'commander';
import type {
  ExperimentOptions,
  RunExperimentOptions,
} from '../../workflows/experiment/experiment-options.ts';
import type { CliContext } from '../context.ts';
import { FIGURE_FORMATS, type FigureFormat } from '../display/data-table-format.ts';
import { addExamples, parseCount, parseSeeds } from '../options.ts';
import type { CliCommand } from '../program.ts';
import { addTorchOptions, type TorchFlags, torchRequest } from '../train/torch-options.ts';

export interface RunExperimentRequest extends RunExperimentOptions {
  readonly dryRun: boolean;
  readonly estimate: boolean;
}

export interface ExperimentTableRequest extends ExperimentOptions {
  readonly format: FigureFormat | 'json';
}

export interface ExperimentRunners {
  readonly list: (options: { readonly json: boolean }, context: CliContext) => Promise<void>;
  readonly show: (
    options: ExperimentOptions & { readonly json: boolean },
    context: CliContext,
  ) => Promise<void>;
  readonly run: (options: RunExperimentRequest, context: CliContext) => Promise<void>;
  readonly status: (
    options: ExperimentOptions & { readonly json: boolean },
    context: CliContext,
  ) => Promise<void>;
  readonly table: (options: ExperimentTableRequest, context: CliContext) => Promise<void>;
}

export function experimentCommand(runners: ExperimentRunners): CliCommand {
  return (context) => {
    const command = new Command('experiment')
      .summary("run a paper's table, or a table of your own, cell by cell")
      .description(
        'Tables of trainings as data: rows of settings, seeds, and the cells of the paper beside ours.\n\n' +
          'Each cell is a training named by its configuration, data, seed and engine, and lies in <runs>/cells; tables ' +
          'share cells. The same command again resumes what was stopped, tries again what failed, and skips what is finished.',
      );
    addExamples(command, [
      ["the papers' tables that come with vultune", 'vultune experiment list'],
      ['what one of them runs', 'vultune experiment show shestov-table-6'],
      [
        'run it with a small model',
        'vultune experiment run shestov-table-6 --scale laptop --data-dir datasets',
      ],
      [
        'your own configuration over seeds and learning rates',
        'vultune experiment run train.yaml --seeds 1,2,3 --sweep learning_rate=1e-4,2e-4',
      ],
    ]);
    command.addCommand(listCommand(runners, context));
    command.addCommand(showCommand(runners, context));
    command.addCommand(runCommand(runners, context));
    command.addCommand(statusCommand(runners, context));
    command.addCommand(tableCommand(runners, context));
    return command;
  };
}

function listCommand({ list }: ExperimentRunners, context: CliContext): Command {
  const command = new Command('list')
    .summary('list the tables that come with vultune')
    .description("List the papers' tables that come with vultune, with their rows, seeds and scales.")
    .option('--json', JSON_OPTION, false);
  addExamples(command, [['what there is', 'vultune experiment list']]);
  return command.action((options: { json: boolean }) => list(options, context));
}

function showCommand({ show }: ExperimentRunners, context: CliContext): Command {
  const command = tableOptions(
    new Command('show')
      .summary('print what a table runs')
      .description('Print what a table runs: rows, settings, seeds, and the cells of the paper.'),
  ).option('--json', JSON_OPTION, false);
  addExamples(command, [['the rows of a table', 'vultune experiment show shestov-table-6']]);
  return command.action((table: string, overrides: string[], options: ShownOptions & { json: boolean }) =>
    show({ table, overrides, ...options }, context),
  );
}

function runCommand({ run }: ExperimentRunners, context: CliContext): Command {
  const command = cellOptions(
    new Command('run')
      .summary('train the cells of a table that are not finished')
      .description(
        'Train the cells of a table that are not finished, and write the table after each of them: table.md, .csv, .tex, ' +
          '.json and .html.\n\nCtrl-C stops after the current step and keeps everything; the same command resumes.',
      ),
  )
    .option('--estimate', 'train nothing: say the time, memory and disk of each cell', false)
    .option('--dry-run', 'train nothing: check every cell and say where it stands', false)
    .addOption(new Option('--jobs <n>', 'cells trained at the same time').default(1).argParser(parseCount))
    .option('--allow-endpoint', 'send functions to the servers that rows of the table name', false);
  addExamples(command, [
    ['one row', 'vultune experiment run shestov-table-6 --only Mean --scale laptop --data-dir datasets'],
    [
      'how long it would take',
      'vultune experiment run shestov-table-6 --scale laptop --data-dir datasets --estimate',
    ],
    ['a sweep over your own configuration', 'vultune experiment run train.yaml --sweep lora_r=4,8,16'],
    ['with PyTorch, on a GPU', 'vultune experiment run shestov-table-6 --engine torch --dtype bf16'],
  ]);
  return command.action(
    (
      table: string,
      operands: string[],
      options: CellFlags & Pick<RunExperimentRequest, 'dryRun' | 'estimate' | 'jobs' | 'allowEndpoint'>,
    ) => run({ table, ...withTorch(operands, options) }, context),
  );
}

function statusCommand({ status }: ExperimentRunners, context: CliContext): Command {
  const command = cellOptions(
    new Command('status')
      .summary('say where the cells of a table stand')
      .description(
        'Say of every cell of a table where it stands: finished, stopped, failed and why, not started. A cell is named by its ' +
          'settings: give --scale, --data-dir, --seeds and overrides as `experiment run` had them.',
      ),
  ).option('--json', JSON_OPTION, false);
  addExamples(command, [
    ['what is left to do', 'vultune experiment status shestov-table-6 --scale laptop --data-dir datasets'],
  ]);
  return command.action((table: string, operands: string[], options: CellFlags & { json: boolean }) =>
    status({ table, ...withTorch(operands, options) }, context),
  );
}

function tableCommand({ table: print }: ExperimentRunners, context: CliContext): Command {
  const command = cellOptions(
    new Command('table')
      .summary('write and print a table as far as it is run')
      .description(
        'Write the table from the cells that are finished, and print it; trains nothing. Give --scale, --data-dir, --seeds and ' +
          'overrides as `experiment run` had them.',
      ),
  ).addOption(
    new Option('--format <name>', 'how the table is printed')
      .choices([...FIGURE_FORMATS, 'json'])
      .default('text'),
  );
  addExamples(command, [
    [
      'for a paper',
      'vultune experiment table shestov-table-6 --scale laptop --data-dir datasets --format tex',
    ],
  ]);
  return command.action(
    (table: string, operands: string[], options: CellFlags & { format: FigureFormat | 'json' }) =>
      print({ table, ...withTorch(operands, options) }, context),
  );
}

const JSON_OPTION = 'print JSON on standard output instead of text';

type ShownOptions = Omit<ExperimentOptions, 'table' | 'overrides' | 'torch'>;
type CellFlags = ShownOptions & TorchFlags;

const collected = (value: string, before: readonly string[] = []) => [...before, value];

/** What names a table and its cells: the same for every part. */
function tableOptions(command: Command): Command {
  return command
    .argument(
      '<table>',
      'a name of `experiment list`, a YAML file of a table, or the YAML file of a training',
    )
    .argument('[overrides...]', 'key=value, laid over every cell')
    .option('--runs <dir>', 'folder of the cells and tables', 'runs')
    .option('--out <dir>', 'folder of the table (default: <runs>/tables/<name>)')
    .option('--data-dir <dir>', "folder that the table's data files are looked for in")
    .option('--scale <name>', 'run a smaller variant that the table has, such as laptop')
    .addOption(
      new Option(
        '--only <row>',
        'run this row alone, and the one that it starts from (may be given again)',
      ).argParser(collected),
    )
    .addOption(new Option('--seeds <a,b,c>', "instead of the table's seeds").argParser(parseSeeds))
    .addOption(
      new Option(
        '--sweep <key=a,b,c>',
        'a row for each value (may be given again: every combination)',
      ).argParser(collected),
    );
}

/** The same for the parts that look at cells: which engine trains decides which cells those are. */
function cellOptions(command: Command): Command {
  addTorchOptions(tableOptions(command));
  return command;
}

const withTorch = <T extends CellFlags>(operands: readonly string[], options: T) => ({
  ...options,
  ...torchRequest(options, operands),
});
