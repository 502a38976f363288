/** @file `vultune torch setup`: the Python environment that `train --engine torch` computes in. */
import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

/** Makes the environment, or finds it made, and prints what it is. */
export type SetupRunner = (context: CliContext) => Promise<void>;

export function torchCommand(setUp: SetupRunner): CliCommand {
  return (context) => {
    const command = new Command('torch')
      .summary('set up PyTorch for train --engine torch')
      .description('Set up the Python environment in which `vultune train --engine torch` takes its steps.');
    const setup = new Command('setup')
      .summary('make the Python environment with PyTorch, Transformers and PEFT')
      .description(
        "Make a virtual environment in Vultune's cache folder with pinned versions of PyTorch, Transformers and " +
          'PEFT: with uv where it is installed, else with venv and pip. An environment that is whole is left as it is. ' +
          'VULTUNE_PYTHON names a Python of your own instead.',
      );
    addExamples(setup, [['once, on a machine with a GPU', 'vultune torch setup']]);
    return command.addCommand(setup.action(() => setUp(context)));
  };
}
