/**
 * @file llama.cpp's rotary settings as Hugging Face's `rope_parameters`: none, linear, YaRN, LongRoPE, Llama 3's table.
 * Says what a file says; which kinds can be computed is the model's business.
 */
import { inspect } from 'node:util';
import { VultuneError } from '../../base/errors.ts';
import type { GgufModel } from './architecture.ts';
import { llama3RopeFromFactors } from './llama3-rope.ts';
import { shortestDecimal } from './metadata.ts';

export interface RopeParameters extends Readonly<Record<string, unknown>> {
  readonly rope_type: string;
  readonly rope_theta: number;
}

/** How much of a head is turned, `rope.dimension_count`. Throws GGUF_ROPE for more than all of it, or an odd number. */
export function rotatedSize({ metadata, file }: GgufModel, headDim: number): number {
  const rotated = metadata.optionalCount('rope.dimension_count') ?? headDim;
  if (rotated <= headDim && rotated % 2 === 0) return rotated;
  const name = metadata.key('rope.dimension_count');
  const message = `${file}: ${name} is ${rotated}, expected an even number of at most ${headDim}, the size of a head`;
  throw new VultuneError('GGUF_ROPE', message, { where: { file, name } });
}

/** Throws GGUF_ROPE unless all dimensions of a head are turned: in these families Transformers turns no less. */
export function checkWholeHeadRotated(model: GgufModel, headDim: number): void {
  const { metadata, file } = model;
  const rotated = metadata.optionalNumber('rope.dimension_count') ?? headDim;
  if (rotated === headDim) return;
  const message = `${file} rotates ${rotated} of ${headDim} dimensions of a head; a ${metadata.architecture} rotates all of them`;
  throw new VultuneError('GGUF_ROPE', message, {
    where: { file, name: metadata.key('rope.dimension_count') },
  });
}

/**
 * @param rotated dimensions of a head that are turned, which the tables are as long as
 * @param context what YaRN and LongRoPE were trained at where the file does not say it, tokens
 * Throws GGUF_ROPE.
 */
export function ropeParameters(model: GgufModel, rotated: number, context: number): RopeParameters {
  const rope_theta = model.metadata.optionalNumber('rope.freq_base') ?? 10000;
  return { rope_theta, ...scaling(model, rope_theta, rotated, context) };
}

type Scaling = Readonly<Record<string, unknown>> & { readonly rope_type: string };

function scaling(model: GgufModel, ropeTheta: number, rotated: number, context: number): Scaling {
  const { metadata, file, ropeTables } = model;
  if (ropeTables.frequencies !== undefined)
    return llama3RopeFromFactors(file, ropeTheta, ropeTables.frequencies);
  if (ropeTables.short !== undefined || ropeTables.long !== undefined)
    return longRope(model, rotated, context);
  // Before rope.scaling.factor there was rope.scale_linear; without a type, llama.cpp takes linear.
  const factor =
    metadata.optionalNumber('rope.scaling.factor') ?? metadata.optionalNumber('rope.scale_linear') ?? 1;
  const type = metadata.optionalText('rope.scaling.type') ?? 'linear';
  switch (type) {
    case 'none':
      return { rope_type: 'default' };
    case 'linear':
      // 0 stands for a factor that was never set.
      return factor === 0 || factor === 1 ? { rope_type: 'default' } : { rope_type: 'linear', factor };
    case 'yarn':
      return yarn(model, factor, context);
    case 'longrope':
      throw refused(
        model,
        'rope.scaling.type',
        'longrope, but the file has no table rope_factors_short.weight',
      );
    default:
      throw refused(model, 'rope.scaling.type', inspect(type).slice(0, 120));
  }
}

/**
 * YaRN (Peng et al., https://arxiv.org/abs/2309.00071). Left out, `attention_factor` is 0.1 ln(factor) + 1 in
 * Transformers as in llama.cpp, whose `attn_factor` multiplies that; the defaults of both betas are the same too.
 */
function yarn(model: GgufModel, factor: number, context: number): Scaling {
  const { metadata } = model;
  for (const [key, expected] of [
    ['rope.scaling.yarn_ext_factor', 1],
    ['rope.scaling.yarn_log_multiplier', 0],
  ] as const) {
    const found = metadata.optionalNumber(key) ?? expected;
    if (found !== expected) throw refused(model, key, String(found));
  }
  if (!(factor > 0)) throw refused(model, 'rope.scaling.factor', String(factor));
  const multiplier = metadata.optionalNumber('rope.scaling.attn_factor') ?? 1;
  const multiplied = multiplier === 1 ? undefined : multiplier * (0.1 * Math.log(Math.max(factor, 1)) + 1);
  const attention = metadata.optionalNumber('rope.scaling.yarn_attn_factor') ?? multiplied;
  const fast = metadata.optionalNumber('rope.scaling.yarn_beta_fast');
  const slow = metadata.optionalNumber('rope.scaling.yarn_beta_slow');
  return {
    rope_type: 'yarn',
    factor,
    original_max_position_embeddings:
      metadata.optionalCount('rope.scaling.original_context_length') ?? context,
    ...(attention === undefined ? {} : { attention_factor: attention }),
    ...(fast === undefined ? {} : { beta_fast: fast }),
    ...(slow === undefined ? {} : { beta_slow: slow }),
  };
}

/** LongRoPE (Ding et al., https://arxiv.org/abs/2402.13753): one table up to the original length, another beyond. */
function longRope(model: GgufModel, rotated: number, context: number): Scaling {
  const { metadata, file, ropeTables } = model;
  const table = (name: string, values: Float32Array | undefined): number[] => {
    if (values?.length === rotated / 2) return Array.from(values, shortestDecimal);
    const found = values === undefined ? 'is missing' : `has ${values.length} numbers`;
    const message = `${file}: "${name}" ${found}, expected ${rotated / 2}, half the rotated dimensions of a head`;
    throw new VultuneError('GGUF_ROPE', message, { where: { file, name } });
  };
  const attention = metadata.optionalNumber('rope.scaling.attn_factor');
  return {
    rope_type: 'longrope',
    short_factor: table('rope_factors_short.weight', ropeTables.short),
    long_factor: table('rope_factors_long.weight', ropeTables.long),
    original_max_position_embeddings:
      metadata.optionalCount('rope.scaling.original_context_length') ?? context,
    ...(attention === undefined ? {} : { attention_factor: attention }),
  };
}

function refused({ metadata, file }: GgufModel, key: string, found: string): VultuneError {
  const name = metadata.key(key);
  return new VultuneError('GGUF_ROPE', `${file}: ${name} is ${found}, which cannot be read`, {
    where: { file, name },
    hint: 'Supported are none, linear, yarn, longrope and the factors of Llama 3.',
  });
}
