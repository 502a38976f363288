/** @file Source code of functions -> token ids that fit the model. */
import { VultuneError } from '../base/errors.ts';
import { fitLength, type LongFunctions } from '../packing/fit-length.ts';
import type { OpenModel } from './open-model.ts';

export interface EncodeOptions {
  readonly maxLength: number;
  readonly longFunctions: LongFunctions;
}

export interface EncodedFunction {
  /** At least one. */
  readonly ids: readonly number[];
  /** Whether the function was longer than maxLength. */
  readonly truncated: boolean;
}

/**
 * Ids of each function, undefined where `drop` drops it. An empty function becomes one end-of-text token, so that every
 * function has a last token to judge.
 * Throws TOKENIZER_MISMATCH when the tokenizer knows ids that the model's embedding does not have.
 */
export function encodeFunctions(
  { tokenizer, geometry, path }: Pick<OpenModel, 'tokenizer' | 'geometry' | 'path'>,
  codes: readonly string[],
  { maxLength, longFunctions }: EncodeOptions,
): (EncodedFunction | undefined)[] {
  const { eos, bos, pad } = tokenizer.special;
  const empty = eos ?? bos ?? pad ?? 0;
  return codes.map((code) => {
    const ids = tokenizer.encode(code);
    const outside = ids.find((id) => id >= geometry.vocabularySize);
    if (outside !== undefined) {
      throw new VultuneError(
        'TOKENIZER_MISMATCH',
        `the tokenizer gave token ${outside}, the model has ${geometry.vocabularySize}`,
        { where: { file: path }, hint: 'The tokenizer files belong to another model.' },
      );
    }
    return fitLength(ids.length === 0 ? [empty] : ids, maxLength, longFunctions);
  });
}
