/** @file Vocabularies without a tokenizer.json: one reader a form. The tokenizer made of what they give is like any other. */
import { basename } from 'node:path';
import type { TokenizerForm } from '../../checkpoint/checkpoint.ts';
import { z } from '../../schema/zod.ts';
import { checkPart } from '../component.ts';
import { bytePairsForm } from './byte-pairs-form.ts';
import type { FormReader, ReadForm, VocabularyDefinition } from './form.ts';
import { sentencePieceForm } from './sentencepiece-form.ts';
import { isRankFile, tiktokenForm } from './tiktoken-form.ts';
import { tokenizerClass } from './tokenizer-class.ts';
import { wordPieceForm } from './word-piece-form.ts';

const FORMS: Readonly<Record<TokenizerForm, FormReader>> = {
  bytePairs: bytePairsForm,
  model: (definition, named) => {
    const bytes = definition.files[basename(definition.file)] as Uint8Array;
    return (isRankFile(bytes) ? tiktokenForm : sentencePieceForm)(definition, named);
  },
  wordPiece: wordPieceForm,
};

const configSchema = z.object({ tokenizer_class: z.string().nullish() }).loose();

/**
 * `modelType`: of the model that the tokenizer is for.
 * @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED.
 */
export function readForm(definition: VocabularyDefinition, modelType: string | undefined): ReadForm {
  const { form, config, file } = definition;
  const named = checkPart(configSchema, config ?? {}, { file, name: 'tokenizer_config.json' });
  return FORMS[form](definition, tokenizerClass(named.tokenizer_class, modelType, file));
}
