/** @file The language of functions whose records do not say it: that in which most of them parse alone. */
import { LANGUAGES, type Language } from '../languages.ts';
import { parseAlone } from './parse-alone.ts';

/** Functions that are tried, at equal distances among those that are short enough. */
const TRIED = 24;
/** Characters of a function that is tried at most: longer ones parse slowly in the wrong languages and tell no more. */
const LONGEST = 4000;
/** The share of the tried functions that must parse. */
const LEAST_SHARE = 0.6;

/** Undefined where too few parse in any language. A tie goes to the first in the table: JavaScript before TypeScript, C before C++. */
export function guessLanguage(codes: readonly string[]): Language | undefined {
  const short = codes.filter((code) => code.length <= LONGEST);
  const step = Math.max(1, Math.floor(short.length / TRIED));
  const tried = short.filter((_, i) => i % step === 0).slice(0, TRIED);
  let best: { readonly language: Language; readonly count: number } | undefined;
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    const count = tried.filter((code) => parseAlone(code, language) !== undefined).length;
    if (count > (best?.count ?? 0)) best = { language, count };
  }
  return best !== undefined && best.count >= LEAST_SHARE * tried.length ? best.language : undefined;
}
