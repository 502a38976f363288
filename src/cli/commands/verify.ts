/** @file `vultune verify`: options; the work is the workflow's. */
import { Command, Option } from 'commander';
import type { VerifyOptions } from '../../workflows/verify/verify.ts';
import type { CliContext } from '../context.ts';
import { addExamples, parsePositive } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface VerifyRequest extends Omit<VerifyOptions, 'onFolder'> {
  readonly json: boolean;
}

/** @returns whether every quantity of every folder is within its tolerance. */
export type RunVerify = (request: VerifyRequest, context: CliContext) => Promise<boolean>;

type Options = Omit<VerifyRequest, 'dirs'>;

export function verifyCommand(verify: RunVerify): CliCommand {
  return (context) => {
    const command = new Command('verify')
      .summary('compare this engine with reference outputs from PyTorch')
      .description(
        'Compare what Vultune computes with reference outputs, quantity by quantity: hidden states, logits, ' +
          'losses, gradients and parameters after training steps.\n\n' +
          'A folder holds base/ (a checkpoint), adapter/ (a PEFT adapter) and io.safetensors (inputs and what ' +
          'PyTorch computed). Prints the largest absolute and relative error of each, and ok or FAIL.',
      )
      .argument('<dirs...>', 'folders of reference outputs')
      .addOption(
        new Option(
          '--tolerance <x>',
          'one tolerance for everything (default: 1e-4 absolute for logits and hidden states, 1e-4 of the largest entry for gradients, 1e-3 for trained parameters)',
        ).argParser(parsePositive),
      )
      .addOption(
        new Option('--cut <cut>', 'how the model is cut into graphs (default: both)').choices([
          'block',
          'graph',
        ]),
      )
      .option('--json', 'print JSON on standard output instead of a table', false)
      .addHelpText('after', '\nExit code: 0 all ok, 1 something failed, 2 a folder cannot be read.');
    addExamples(command, [
      ['one model', 'vultune verify reference/llama'],
      ['several, with the memory-saving cut only', 'vultune verify reference/* --cut block'],
    ]);
    return command.action(async (dirs: string[], options: Options) => {
      if (!(await verify({ dirs, ...options }, context))) context.setExitCode(1);
    });
  };
}
