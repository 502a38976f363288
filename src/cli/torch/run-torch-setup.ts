/** @file `vultune torch setup`: runs the installers, then prints what the environment can do. */
import { inspectTorch, setUpTorch } from '../../clusters/python-environment.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderPairs } from '../display/table.ts';
import { torchPairs } from './torch-pairs.ts';

export async function runTorchSetup({ stdout, stderr, signal }: CliContext): Promise<void> {
  const { python, isReused } = await setUpTorch({
    signal,
    onLine: (line) => stderr.write(`${harmless(line)}\n`),
  });
  const report = await inspectTorch(python, signal);
  stderr.write(isReused ? 'the environment is there already\n' : 'the environment is made\n');
  stdout.write(renderPairs(torchPairs(report), stdout));
}
