/**
 * @file How answers begin: the words among a prompt's keywords, in the spellings in which models begin an answer with them, as
 * texts (for the tokens that a server names) and as token ids (for a model on this machine).
 */
import { VultuneError } from '../base/errors.ts';
import type { PromptTemplate } from '../text/chat/prompt-template.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

type Keywords = PromptTemplate['answers'];

/** A keyword of several words shares its first one with too much else. */
const single = (keywords: readonly string[]) =>
  keywords.map((keyword) => keyword.trim()).filter((keyword) => !/\s/.test(keyword));

/** "yes", "Yes", "YES", each with and without the space that many tokenizers keep with a word. */
const spellings = (word: string): string[] => {
  const lower = word.toLowerCase();
  const cases = [word, lower, lower.charAt(0).toUpperCase() + lower.slice(1), word.toUpperCase()];
  return [...new Set(cases)].flatMap((one) => [one, ` ${one}`]);
};

/** Which of the two a token begins, by its text; undefined for another one. */
export function sideOfToken(token: string, { yes, no }: Keywords): 'yes' | 'no' | undefined {
  const word = token.trim().toLowerCase();
  if (word === '') return undefined;
  const isOf = (keywords: readonly string[]) => single(keywords).some((one) => one.toLowerCase() === word);
  if (isOf(yes)) return 'yes';
  return isOf(no) ? 'no' : undefined;
}

/**
 * Token ids that begin a yes, and those that begin a no. Spellings of one token count; where a side has none, first tokens of its
 * spellings do, but for those that begin the other side as well.
 * @throws VultuneError PROMPT_ANSWER_TOKENS where a side is left without a token
 */
export function answerTokens(
  { yes, no }: Keywords,
  tokenizer: Pick<Tokenizer, 'encode' | 'decode'>,
): readonly [yes: readonly number[], no: readonly number[]] {
  const encoded = [yes, no].map((keywords) =>
    single(keywords)
      .flatMap(spellings)
      .map((text) => tokenizer.encode(text, { addSpecialTokens: false }))
      .filter((ids) => ids.length > 0),
  );
  const whole = encoded.map((side) => side.filter((ids) => ids.length === 1));
  const used = whole.every((side) => side.length > 0) ? whole : encoded;
  const [first, second] = used.map(
    (side) => new Set(side.map(([id]) => id!).filter((id) => tokenizer.decode([id]).trim() !== '')),
  ) as [Set<number>, Set<number>];
  const groups = [
    [...first].filter((id) => !second.has(id)),
    [...second].filter((id) => !first.has(id)),
  ] as const;
  for (const [index, group] of groups.entries()) {
    if (group.length > 0) continue;
    const side = index === 0 ? 'yes' : 'no';
    throw new VultuneError(
      'PROMPT_ANSWER_TOKENS',
      `no token of the model begins a "${side}" and nothing else`,
      {
        where: { name: `answers.${side}` },
        hint: 'Give answers of one word that begin differently, or use --answer text.',
      },
    );
  }
  return groups;
}
