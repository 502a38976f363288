/** @file Whether a checkpoint holds what a head reads of it, before any of it is read: not every file has every head. */
import { VultuneError } from '../base/errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Head } from './head.ts';

/** What a head reads of the checkpoint, by name and shape. */
export function baseShapes({
  matrices = [],
  parameters,
}: Head): readonly (readonly [string, readonly number[]])[] {
  const own = parameters.filter(({ first }) => first === undefined);
  return [
    ...matrices.flatMap(({ name, inputSize, outputSize, bias }) => [
      [`${name}.weight`, [outputSize, inputSize]] as const,
      ...(bias ? [[`${name}.bias`, [outputSize]] as const] : []),
    ]),
    ...own.map(({ name, shape }) => [name, shape] as const),
  ];
}

/**
 * A layer that the file lacks would have to be drawn at random and kept frozen, and PEFT would draw another one.
 * @throws VultuneError CHECKPOINT_TENSOR_MISSING, CHECKPOINT_TENSOR_SHAPE
 */
export function checkHeadWeights({ tensors, path }: Pick<Checkpoint, 'tensors' | 'path'>, head: Head): void {
  for (const [name, expected] of baseShapes(head)) {
    const where = { file: path, name };
    const found = tensors.get(name)?.shape;
    if (found === undefined) {
      throw new VultuneError(
        'CHECKPOINT_TENSOR_MISSING',
        `${path} has no tensor "${name}", which this model's classifier stands on`,
        {
          where,
          hint: 'Take the checkpoint of the pre-training, which has it; where only the first token is pooled by it, pooling: mean needs none.',
        },
      );
    }
    if (found.join() === expected.join()) continue;
    throw new VultuneError(
      'CHECKPOINT_TENSOR_SHAPE',
      `"${name}" is [${found.join(', ')}], expected [${expected.join(', ')}]`,
      { where, hint: 'Weights and config.json are of different models.' },
    );
  }
}
