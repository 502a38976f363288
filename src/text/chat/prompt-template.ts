/**
 * @file A question about a function that is put to a language model: its schema, what is wrong with one, and the messages that
 * it makes of a function. Reads no file and asks no model.
 */
import { VultuneError } from '../../base/errors.ts';
import { checkValue } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { ChatMessage } from './chat-message.ts';

/** Where the function stands in the text of a prompt. */
export const CODE_PLACE = '{code}';

/** No question is longer; what is asked about comes on top. */
const MOST_CHARACTERS = 100_000;
const MOST_KEYWORDS = 200;

const text = z.string().min(1).max(MOST_CHARACTERS);
const keywords = z.array(z.string().trim().min(1).max(200)).min(1).max(MOST_KEYWORDS);

export const promptTemplateSchema = z.strictObject({
  /** What runs, files and tables call it. */
  id: z
    .string()
    .regex(/^[\w.-]+$/)
    .max(100),
  title: z.string().max(1000).optional(),
  system: text.optional(),
  /** With `{code}` once. */
  user: text,
  /** Words that make an answer a yes (vulnerable) or a no: as whole words, in any case. */
  answers: z.strictObject({ yes: keywords, no: keywords }),
  /** Where the question was published. */
  source: z.string().max(2000).optional(),
});

export type PromptTemplate = z.output<typeof promptTemplateSchema>;

/**
 * @param file for errors
 * @throws VultuneError PROMPT_INVALID for a field that does not fit, for a prompt without `{code}` or with more than one, and for a
 * keyword that says both yes and no
 */
export function parsePromptTemplate(value: unknown, file: string): PromptTemplate {
  const hint =
    'A prompt has the fields id, user (with {code} once) and answers: { yes: [...], no: [...] }; title, system and source are optional.';
  const template = checkValue(promptTemplateSchema, value, { code: 'PROMPT_INVALID', file, hint });
  const invalid = (name: string, message: string) =>
    new VultuneError('PROMPT_INVALID', message, { where: { file, name }, hint });
  const places = template.user.split(CODE_PLACE).length - 1;
  if (places !== 1) {
    throw invalid(
      'user',
      `"user" has ${CODE_PLACE} ${places === 0 ? 'nowhere' : `${places} times`}, expected it once`,
    );
  }
  if (template.system?.includes(CODE_PLACE)) {
    throw invalid('system', `"system" has ${CODE_PLACE}, expected it in "user" alone`);
  }
  const { yes, no } = template.answers;
  const lower = new Set(yes.map((word) => word.toLowerCase()));
  const both = no.find((word) => lower.has(word.toLowerCase()));
  if (both !== undefined)
    throw invalid('answers', `"${both}" stands for both yes and no, expected one of them`);
  return template;
}

/** The messages that ask about one function; its text is taken as it is, whatever it holds. */
export function fillPrompt(
  { system, user }: Pick<PromptTemplate, 'system' | 'user'>,
  code: string,
): ChatMessage[] {
  const at = user.indexOf(CODE_PLACE);
  const content = user.slice(0, at) + code + user.slice(at + CODE_PLACE.length);
  return [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content }];
}

/** The same for a model without a chat template: one text, which the model continues with its answer. */
export function plainPrompt(messages: readonly ChatMessage[], answerLabel = 'Answer:'): string {
  return `${messages.map(({ content }) => content.trimEnd()).join('\n\n')}\n\n${answerLabel}`;
}
