/**
 * @file Whether a checkpoint holds the weights that its configuration promises: by name and shape, before any is read.
 * Otherwise the first to notice would be a product of matrices, hours into a job.
 */
import { VultuneError } from '../base/errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { type DecoderGeometry, LINEAR_ROLES } from './geometry.ts';

/**
 * The next-token head is left to who uses it: a classifier has none.
 * @throws VultuneError CHECKPOINT_TENSOR_MISSING, CHECKPOINT_TENSOR_SHAPE
 */
export function checkWeights({ tensors, path }: Checkpoint, geometry: DecoderGeometry): void {
  for (const [name, expected] of promisedShapes(geometry)) {
    const where = { file: path, name };
    const found = tensors.get(name)?.shape;
    if (found === undefined) {
      throw new VultuneError('CHECKPOINT_TENSOR_MISSING', `${path} has no tensor "${name}"`, {
        where,
        hint: `config.json promises a ${geometry.family} model of ${geometry.layerCount} layers: is the download whole?`,
      });
    }
    const isEmbedding = name === geometry.names.embedding;
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

function* promisedShapes(geometry: DecoderGeometry): Generator<[name: string, shape: readonly number[]]> {
  const { names, hiddenSize: D, vocabularySize, layerCount, linears } = geometry;
  yield [names.embedding, [vocabularySize, D]];
  for (let layer = 0; layer < layerCount; layer++) {
    const block = names.block(layer);
    yield [block + names.attentionNorm, [D]];
    yield [block + names.feedForwardNorm, [D]];
    for (const role of LINEAR_ROLES) {
      const { name, inputSize, outputSize, bias } = linears[role];
      yield [`${block}${name}.weight`, [outputSize, inputSize]];
      if (bias) yield [`${block}${name}.bias`, [outputSize]];
    }
  }
  yield [names.finalNorm, [D]];
}
