/** @file `vultune mcp`: its options. */
import { Command, Option } from 'commander';
import type { ServeMcpOptions } from '../../workflows/mcp/mcp-options.ts';
import type { CliContext } from '../context.ts';
import { addBlendOption, addDeviceOptions, addExamples, addThresholdOption, parseCount } from '../options.ts';
import type { CliCommand } from '../program.ts';

export type McpRequest = Omit<ServeMcpOptions, 'input' | 'output' | 'onFailure'>;

export type RunMcp = (request: McpRequest, context: CliContext) => Promise<void>;

export function mcpCommand(runMcp: RunMcp): CliCommand {
  return (context) => {
    const command = new Command('mcp')
      .summary('offer scores to coding agents (Model Context Protocol)')
      .description(
        'Answer coding agents over standard input and output, by the Model Context Protocol: scan_file, score_functions, ' +
          'explain_lines, triage_sarif.\n\n' +
          'The tools only read, and only below --root. Every answer says what the model was measured to be worth. Ends with its ' +
          'input.',
      )
      .argument(
        '[run]',
        'run folder, PEFT adapter folder, or hub id of an adapter (default: the one run in ROOT/runs)',
      )
      .option('--root <folder>', 'workspace: nothing outside it is read', '.')
      .addOption(
        new Option(
          '--max-length <n>',
          "tokens read per function (default: the run's, or the model's own)",
        ).argParser(parseCount),
      )
      .option('--no-cache', 'neither read nor write the cache of scores');
    addThresholdOption(command);
    addBlendOption(command);
    addDeviceOptions(command);
    addExamples(command, [
      ["what an agent's settings start", 'vultune mcp runs/first --root /path/of/project'],
      ['the one run of a project', 'vultune mcp --root .'],
    ]);
    return command.action(async (run: string | undefined, options: Omit<McpRequest, 'run'>) => {
      await runMcp({ ...(run === undefined ? {} : { run }), ...options }, context);
    });
  };
}
