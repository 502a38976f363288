/**
 * @file Whether a checkpoint holds the weights that its configuration promises: by name and shape, before any is read.
 * Otherwise the first to notice would be a product of matrices, hours into a job.
 */
import { VultuneError } from '../base/errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { matricesOf } from './matrices.ts';
import { normParameters } from './norm.ts';
import type { Block, HeadNorm, Model } from './spec.ts';

/**
 * The next-token head is left to who uses it: a classifier has none.
 * @throws VultuneError CHECKPOINT_TENSOR_MISSING, CHECKPOINT_TENSOR_SHAPE
 */
export function checkWeights({ tensors, path }: Checkpoint, model: Model): void {
  for (const [name, expected] of promisedShapes(model)) {
    const where = { file: path, name };
    const found = tensors.get(name)?.shape;
    if (found === undefined) {
      throw new VultuneError('CHECKPOINT_TENSOR_MISSING', `${path} has no tensor "${name}"`, {
        where,
        hint: `config.json promises a ${model.family} model of ${model.layers.length} layers: is the download whole?`,
      });
    }
    const isEmbedding = name === model.embedding.tokens;
    const fits =
      found.length === expected.length &&
      expected.every((size, axis) =>
        isEmbedding && axis === 0 ? found[axis]! >= size : found[axis] === size,
      );
    if (fits) continue;
    throw new VultuneError(
      'CHECKPOINT_TENSOR_SHAPE',
      `"${name}" is [${found.join(', ')}], expected [${expected.join(', ')}]${isEmbedding ? ' or more rows' : ''}`,
      { where, hint: 'Weights and config.json are of different models.' },
    );
  }
}

/** Every tensor that config.json promises, by its name in the specification. */
export function* promisedShapes(model: Model): Generator<readonly [name: string, shape: readonly number[]]> {
  const { embedding, hiddenSize: D, vocabularySize, layers, finalNorm } = model;
  yield [embedding.tokens, [vocabularySize, D]];
  const { positions, tokenTypes, norm } = embedding;
  if (positions !== undefined) yield [positions.name, [positions.first + positions.rows, D]];
  if (tokenTypes !== undefined) yield [tokenTypes.name, [tokenTypes.rows, D]];
  if (norm !== undefined) yield* normParameters(norm, D);
  for (const { prefix, block } of layers) {
    for (const [name, shape] of blockNormParameters(block, D)) yield [prefix + name, shape];
    for (const { name, inputSize, outputSize, bias } of matricesOf(block)) {
      yield [`${prefix}${name}.weight`, [outputSize, inputSize]];
      if (bias) yield [`${prefix}${name}.bias`, [outputSize]];
    }
  }
  yield* normParameters(finalNorm, D);
}

/** Names relative to the block. */
function blockNormParameters({ norms, attention }: Block, D: number) {
  const { queryNorm, keyNorm, headSize: d, headCount: H, keyValueHeadCount: K } = attention;
  const ofHeads = (norm: HeadNorm | undefined, heads: number) =>
    norm === undefined ? [] : normParameters(norm.norm, norm.over === 'head' ? d : heads * d);
  return [
    ...Object.values(norms).flatMap((norm) => normParameters(norm, D)),
    ...ofHeads(queryNorm, H),
    ...ofHeads(keyNorm, K),
  ];
}
