/**
 * @file Whether a checkpoint holds the weights that its configuration promises, and no others that would change what the model computes:
 * by name and shape, before any is read. Otherwise the first to notice would be a product of matrices, hours into a job, or nobody.
 */
import { VultuneError } from '../base/errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { matricesOf } from './matrices.ts';
import { nearestName } from './nearest-name.ts';
import { normParameters } from './norm.ts';
import type { Block, HeadNorm, Model } from './spec.ts';
import { tensorsWithoutPlace } from './unused-tensors.ts';

/**
 * The next-token head is left to who uses it: a classifier has none. Tensors outside the blocks that no part of the model is named
 * after (heads, poolers) are left alone, as are buffers.
 * @throws VultuneError CHECKPOINT_TENSOR_MISSING, CHECKPOINT_TENSOR_SHAPE, CHECKPOINT_TENSOR_EXTRA: the first of these that applies,
 * with the names of up to five tensors of each kind
 */
export function checkWeights({ tensors, path }: Checkpoint, model: Model): void {
  const promised = new Map(promisedShapes(model));
  const missing = [...promised.keys()].filter((name) => !tensors.has(name));
  const extra = tensorsWithoutPlace(tensors.keys(), model, promised);
  const misshapen = [...promised].flatMap(([name, expected]) => {
    const found = tensors.get(name)?.shape;
    return found === undefined || fits(found, expected, name, model) ? [] : [{ name, found, expected }];
  });
  const problems: Problem[] = [];
  if (missing.length > 0) {
    const free = [...tensors.keys()].filter((name) => !promised.has(name));
    problems.push({
      code: 'CHECKPOINT_TENSOR_MISSING',
      name: missing[0]!,
      text: missingInWords(missing, free),
    });
  }
  if (misshapen.length > 0) {
    const shown = misshapen.map(({ name, found, expected }) => {
      const more = name === model.embedding.tokens ? ' or more rows' : '';
      return `"${name}" is [${found.join(', ')}], expected [${expected.join(', ')}]${more}`;
    });
    problems.push({ code: 'CHECKPOINT_TENSOR_SHAPE', name: misshapen[0]!.name, text: firstOf(shown, '; ') });
  }
  if (extra.length > 0) {
    problems.push({
      code: 'CHECKPOINT_TENSOR_EXTRA',
      name: quoted(extra[0]!).slice(1, -1),
      text: extraInWords(extra, [...promised.keys()]),
    });
  }
  const [first] = problems;
  if (first === undefined) return;
  throw new VultuneError(first.code, `${path}: ${problems.map(({ text }) => text).join('; ')}`, {
    where: { file: path, name: first.name },
    hint:
      missing.length + misshapen.length > 0
        ? `config.json promises a ${model.family} model of ${model.layers.length} layers: is the download whole, and are weights and config.json of one model?`
        : `A ${model.family} model as config.json describes it has no use for them: are weights and config.json of one model?`,
  });
}

interface Problem {
  readonly code: string;
  readonly name: string;
  readonly text: string;
}

/** Names of each kind in a message. */
const NAMED = 5;

function firstOf(all: readonly string[], separator = ', '): string {
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.slice(0, NAMED).join(separator)}${more}`;
}

/** A name out of a file: without control characters, and short. */
const quoted = (name: string) => JSON.stringify(name.slice(0, 200));

/** `free`: stored names that no part of the model has. */
function missingInWords(missing: readonly string[], free: readonly string[]): string {
  const shown = missing.map((name, place) => {
    const nearest = place < NAMED ? nearestName(name, free) : undefined;
    return nearest === undefined ? `"${name}"` : `"${name}" (there is ${quoted(nearest)})`;
  });
  return missing.length === 1
    ? `there is no tensor ${shown[0]}`
    : `${missing.length} tensors are missing: ${firstOf(shown)}`;
}

function extraInWords(extra: readonly string[], known: readonly string[]): string {
  const shown = extra.map((name, place) => {
    const nearest = place < NAMED ? nearestName(name, known) : undefined;
    return nearest === undefined ? quoted(name) : `${quoted(name)} (near "${nearest}")`;
  });
  return extra.length === 1
    ? `the tensor ${shown[0]} has no place in the model`
    : `${extra.length} tensors have no place in the model: ${firstOf(shown)}`;
}

function fits(found: readonly number[], expected: readonly number[], name: string, model: Model): boolean {
  if (found.length !== expected.length) return false;
  const mayHaveMoreRows = name === model.embedding.tokens;
  return expected.every((size, axis) =>
    mayHaveMoreRows && axis === 0 ? found[axis]! >= size : found[axis] === size,
  );
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
