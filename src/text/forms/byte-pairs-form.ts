/** @file vocab.json and merges.txt, GPT-2's form: byte-level pairs, cut and surrounded as the tokenizer's class does it. */

import { z } from '../../schema/zod.ts';
import { type Component, checkPart, unsupported } from '../component.ts';
import { QWEN2_PATTERN } from '../pattern/known-patterns.ts';
import { readVocabulary } from '../vocabulary.ts';
import type { FormReader } from './form.ts';
import { addedTokens, type RoleDefaults, roleToken, settledConfig } from './special-tokens.ts';

interface ClassOptions {
  readonly defaults: RoleDefaults;
  readonly normalizer?: Component;
  /** What cuts the text before it is written as bytes; undefined: GPT-2's own way. */
  readonly cut?: Component;
  /** Where a text is put between the tokens of these roles. */
  readonly surrounded?: true;
}

const GPT2: ClassOptions = {
  defaults: { bos_token: '<|endoftext|>', eos_token: '<|endoftext|>', unk_token: '<|endoftext|>' },
};
const ROBERTA: ClassOptions = {
  defaults: {
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
    sep_token: '</s>',
    pad_token: '<pad>',
    cls_token: '<s>',
    mask_token: '<mask>',
  },
  surrounded: true,
};
const CLASSES: Readonly<Record<string, ClassOptions>> = {
  GPT2Tokenizer: GPT2,
  CodeGenTokenizer: GPT2,
  RobertaTokenizer: ROBERTA,
  Qwen2Tokenizer: {
    defaults: { eos_token: '<|endoftext|>', unk_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
    normalizer: { type: 'NFC' },
    cut: { type: 'Split', pattern: { Regex: QWEN2_PATTERN }, behavior: 'Isolated', invert: false },
  },
};
/** Models whose own tokenizer.json takes digits apart first, which no class of Transformers does (docs/decisions/tokenizers.md). */
const DIGITS_APART = ['gpt_bigcode', 'starcoder2'];

const optionsSchema = z.object({ add_prefix_space: z.boolean().nullish() }).loose();

export const bytePairsForm: FormReader = ({ files, config: given, file }, { name, modelType }) => {
  const options = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (options === undefined) {
    const known = Object.keys(CLASSES).join(', ');
    throw unsupported(
      { file, name: 'tokenizer_class' },
      `is ${name.slice(0, 80)}; known for vocab.json are ${known}`,
    );
  }
  const place = { file, name: 'vocab.json' };
  const vocabulary = readVocabulary(files['vocab.json'], place);
  const config = settledConfig(files, given, options.defaults, file);
  const added = addedTokens(files, config, vocabulary, place);
  const { add_prefix_space } = checkPart(optionsSchema, config, { file, name: 'tokenizer_config.json' });
  const bytes: Component = {
    type: 'ByteLevel',
    add_prefix_space: add_prefix_space ?? false,
    use_regex: options.cut === undefined,
  };
  const digits: Component = { type: 'Digits', individual_digits: true };
  const apart = options.cut === undefined && modelType !== undefined && DIGITS_APART.includes(modelType);
  const before = apart ? [digits] : options.cut === undefined ? [] : [options.cut];
  const idOf = (content: string) => added.find((token) => token.content === content)?.id;
  const [cls, sep] = [roleToken(config, 'cls_token'), roleToken(config, 'sep_token')];
  return {
    config,
    json: {
      added_tokens: added,
      normalizer: options.normalizer ?? null,
      pre_tokenizer: before.length === 0 ? bytes : { type: 'Sequence', pretokenizers: [...before, bytes] },
      post_processor:
        options.surrounded && cls !== undefined && sep !== undefined
          ? { type: 'RobertaProcessing', cls: [cls, idOf(cls)], sep: [sep, idOf(sep)] }
          : null,
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab: Object.fromEntries(vocabulary), merges: mergeLines(files['merges.txt']) },
    },
  };
};

/** One merge a line; readMerges leaves out the first line, which is a version, and checks the others. */
function mergeLines(text: unknown): string[] {
  return String(text)
    .split(/\r?\n/)
    .filter((line) => line !== '');
}
