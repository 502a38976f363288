/**
 * @file How the text of a function becomes the tokens that are judged: as a classifier reads it, or inside a question. Training,
 * scores and lines read through one of these, so that they read the same.
 */
import { VultuneError } from '../base/errors.ts';
import type { Pooling } from '../model/spec.ts';
import { fitLength, type LongFunctions } from '../packing/fit-length.ts';
import { type Question, questionTokens } from '../text/question.ts';
import { type TokenTexts, tokenLines } from '../text/token-lines.ts';
import {
  type EncodedFunction,
  encodeFunctions,
  encodeWhole,
  endTokenCount,
  requireKnownTokens,
} from './encode-functions.ts';
import type { OpenModel } from './open-model.ts';
import { requireMaxLength } from './require-max-length.ts';

export interface ReadOptions {
  readonly maxLength: number;
  readonly longFunctions: LongFunctions;
}

export interface FunctionReader {
  /** Tokens behind the code that stay where it is cut, as those of a tokenizer. */
  readonly endCount: number;
  /** Tokens of `maxLength` that are a question's, and its answer's. */
  readonly askedTokens: number;
  /**
   * Ids of each function, undefined where `drop` drops it.
   * @throws VultuneError MAX_LENGTH_TOO_LARGE, MAX_LENGTH_TOO_SMALL, TOKENIZER_MISMATCH
   */
  encode(codes: readonly string[], options: ReadOptions): readonly (EncodedFunction | undefined)[];
  /** Tokens of whole functions without a question: what `encode` cuts to `maxLength - askedTokens`. */
  wholeCodes(codes: readonly string[]): readonly (readonly number[])[];
  /** [tokens] 0-based line of each token that `encode` gives of a function; -1 for special tokens and the question's. */
  lines(code: string, options: ReadOptions, texts: TokenTexts): Int32Array;
}

type ReadModel = Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>;

/** Reads functions as a classifier with this pooling does: see {@link encodeFunctions}. */
export function classifierReader(model: ReadModel, pooling: Pooling): FunctionReader {
  const { tokenizer } = model;
  const endCount = endTokenCount(tokenizer);
  const encode = (codes: readonly string[], options: ReadOptions) =>
    encodeFunctions(model, codes, { ...options, pooling });
  return {
    endCount,
    askedTokens: 0,
    encode,
    wholeCodes: (codes) => encodeWhole(model, codes, pooling),
    lines: (code, { maxLength, longFunctions }, texts) => {
      const lines = tokenLines(tokenizer, tokenizer.encode(code), texts);
      // An empty function was given one token, which stands on no line.
      const given = lines.length === 0 ? [-1] : [...lines];
      const fitted = fitLength(given, maxLength, longFunctions, endCount)!.ids;
      const count = encode([code], { maxLength, longFunctions })[0]!.ids.length;
      return Int32Array.from(fitted.slice(0, count));
    },
  };
}

/** Reads functions inside a question: the code is cut so that it fits with the question and an answer, and nothing else is. */
export function questionReader(model: ReadModel, question: Question): FunctionReader {
  const { tokenizer } = model;
  const asked = questionTokens(question);
  const codeIds = (code: string) => {
    const ids = tokenizer.encode(code, { addSpecialTokens: false });
    requireKnownTokens(ids, model);
    return ids;
  };
  const room = (maxLength: number) => {
    requireMaxLength(model, maxLength);
    if (maxLength > asked) return maxLength - asked;
    throw new VultuneError(
      'MAX_LENGTH_TOO_SMALL',
      `max_length is ${maxLength}, but the question and its answer take ${asked} tokens without any code`,
      { where: { name: 'max_length' }, hint: `Raise max_length: code needs tokens beside these ${asked}.` },
    );
  };
  const { before, after } = question;
  const { eos, bos, pad } = tokenizer.special;
  // Something has to be there for the answer to follow.
  const nothing = before.length + after.length === 0 ? [eos ?? bos ?? pad ?? 0] : [];
  for (const answer of question.answers) requireKnownTokens([...before, ...after, ...answer], model);
  return {
    endCount: 0,
    askedTokens: asked,
    wholeCodes: (codes) => codes.map(codeIds),
    encode: (codes, { maxLength, longFunctions }) => {
      const most = room(maxLength);
      return codes.map((code) => {
        const ids = codeIds(code);
        const fitted = fitLength(ids.length === 0 ? nothing : ids, most, longFunctions);
        return fitted && { ...fitted, ids: [...before, ...fitted.ids, ...after] };
      });
    },
    lines: (code, { maxLength, longFunctions }, texts) => {
      const lines = [...tokenLines(tokenizer, codeIds(code), texts)];
      const given = lines.length === 0 ? nothing.map(() => -1) : lines;
      const fitted = fitLength(given, room(maxLength), longFunctions)!.ids;
      return Int32Array.from([...before.map(() => -1), ...fitted, ...after.map(() => -1)]);
    },
  };
}
