/** @file Source code of functions -> token ids that fit the model. */
import { VultuneError } from '../base/errors.ts';
import type { Pooling } from '../model/spec.ts';
import { fitLength, type LongFunctions } from '../packing/fit-length.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { OpenModel } from './open-model.ts';
import { requireMaxLength } from './require-max-length.ts';

export interface EncodeOptions {
  readonly maxLength: number;
  readonly longFunctions: LongFunctions;
  readonly pooling: Pooling;
}

export interface EncodedFunction {
  /** At least one. */
  readonly ids: readonly number[];
  /** Whether the function was longer than maxLength. */
  readonly truncated: boolean;
}

/**
 * Ids of each function, undefined where `drop` drops it. An empty function becomes one end-of-text token, so that every
 * function has a last token to judge. Where the last token is pooled, ids end with it (see {@link pooledLength}).
 * Throws MAX_LENGTH_TOO_LARGE, and TOKENIZER_MISMATCH when the tokenizer knows ids that the model's embedding does not have.
 */
export function encodeFunctions(
  model: Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>,
  codes: readonly string[],
  options: EncodeOptions,
): (EncodedFunction | undefined)[] {
  requireMaxLength(model, options.maxLength);
  return fittedIds(model, codes, options);
}

/** Ids of whole functions, also of those that are longer than the model can read. Throws TOKENIZER_MISMATCH. */
export function encodeWhole(
  model: Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>,
  codes: readonly string[],
  pooling: Pooling,
): (readonly number[])[] {
  const whole = { maxLength: Number.MAX_SAFE_INTEGER, longFunctions: 'truncate', pooling } as const;
  return fittedIds(model, codes, whole).map((one) => one!.ids);
}

function fittedIds(
  { tokenizer, spec, path }: Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>,
  codes: readonly string[],
  { maxLength, longFunctions, pooling }: EncodeOptions,
): (EncodedFunction | undefined)[] {
  const { eos, bos, pad } = tokenizer.special;
  const empty = eos ?? bos ?? pad ?? 0;
  const ends = endTokenCount(tokenizer);
  return codes.map((code) => {
    const ids = tokenizer.encode(code);
    requireKnownTokens(ids, { spec, path });
    const fitted = fitLength(ids.length === 0 ? [empty] : ids, maxLength, longFunctions, ends);
    if (fitted === undefined || pooling !== 'last') return fitted;
    return { ...fitted, ids: fitted.ids.slice(0, pooledLength(fitted.ids, spec.padTokenId)) };
  });
}

/** @throws VultuneError TOKENIZER_MISMATCH for a token that the model's embedding does not have */
export function requireKnownTokens(
  ids: readonly number[],
  { spec, path }: Pick<OpenModel, 'spec' | 'path'>,
): void {
  const outside = ids.find((id) => id >= spec.vocabularySize);
  if (outside === undefined) return;
  throw new VultuneError(
    'TOKENIZER_MISMATCH',
    `the tokenizer gave token ${outside}, the model has ${spec.vocabularySize}`,
    { where: { file: path }, hint: 'The tokenizer files belong to another model.' },
  );
}

/**
 * How many of the ids there are up to the token that is pooled: the rightmost that is not config.json's `pad_token_id`, the first
 * where all are (GenericForSequenceClassification of Transformers 5.24, modeling_layers.py), the last where there is no
 * such id. Attention is causal, so leaving out what follows changes nothing else.
 */
export function pooledLength(ids: readonly number[], padTokenId: number | undefined): number {
  if (padTokenId === undefined) return ids.length;
  return Math.max(ids.findLastIndex((id) => id !== padTokenId) + 1, 1);
}

/** How many tokens the tokenizer puts behind every text. */
export function endTokenCount(tokenizer: Pick<Tokenizer, 'encode'>): number {
  const around = tokenizer.encode('');
  const text = tokenizer.encode('x', { addSpecialTokens: false });
  const whole = tokenizer.encode('x');
  const before = around.findIndex(
    (_, count) =>
      text.every((id, i) => whole[count + i] === id) &&
      around.slice(count).every((id, i) => whole[count + text.length + i] === id),
  );
  return before < 0 ? 0 : around.length - before;
}

/** Those tokens. */
export function endTokenIds(tokenizer: Pick<Tokenizer, 'encode'>): readonly number[] {
  const count = endTokenCount(tokenizer);
  return count === 0 ? [] : tokenizer.encode('').slice(-count);
}
