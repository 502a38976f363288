/** @file The text of an answer -> yes, no or unclassified, by the keywords of a prompt. */
import type { PromptTemplate } from '../text/chat/prompt-template.ts';

export const ANSWER_CLASSES = ['yes', 'no', 'unclassified'] as const;
export type AnswerClass = (typeof ANSWER_CLASSES)[number];

type Keywords = PromptTemplate['answers'];

/** An answer with keywords of both sides, or of neither, is unclassified. Keywords are whole words, in any case. */
export function classifyAnswer(text: string, { yes, no }: Keywords): AnswerClass {
  const isYes = hasKeyword(text, yes);
  if (isYes === hasKeyword(text, no)) return 'unclassified';
  return isYes ? 'yes' : 'no';
}

/** White space in a keyword stands for any. Letters of any script end no word: the "no" in "noël" is not one. */
function hasKeyword(text: string, keywords: readonly string[]): boolean {
  const alternatives = keywords.map((keyword) => keyword.trim().split(/\s+/).map(escaped).join('\\s+'));
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${alternatives.join('|')})(?![\\p{L}\\p{N}_])`, 'iu').test(text);
}

const escaped = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, '\\$&');

/** 1, 0, or 0.5 for an answer that says neither. */
export const scoreOfClass = (answer: AnswerClass): number =>
  answer === 'unclassified' ? 0.5 : answer === 'yes' ? 1 : 0;
