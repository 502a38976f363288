/**
 * @file The normalised text of one function that stands alone, for telling equal from changed ones. Knows
 * nothing of the file it came from.
 */
import { LANGUAGES, type Language, type LanguageRow } from '../../src/source/languages.ts';
import { normaliseRange } from '../../src/source/normalise-text.ts';
import { parseSource } from '../../src/source/parse-source.ts';

/**
 * Comments and white space out (strings untouched but for their quotes). `cutNested` also cuts the bodies of inner
 * functions, so that only what the function itself does is left. Where nothing parses whole, the first reading that has
 * a function is taken (macros); code without any is only freed of white space.
 */
export function normaliseBody(
  code: string,
  language: Language,
  options: { readonly cutNested?: boolean } = {},
): string {
  const row: LanguageRow = LANGUAGES[language];
  let partial: (() => string) | undefined;
  for (const [before, after] of row.wrappers) {
    const source = before + code + after;
    const parsed = parseSource(source, language);
    if (parsed.refused !== undefined) break;
    const outer = parsed.functions.find((entry) => entry.start <= before.length + leadingSpace(code));
    if (outer === undefined) continue;
    if (!parsed.hasErrors) return parsed.normalise(outer, options);
    partial ??= () => parsed.normalise(outer, options);
  }
  return partial?.() ?? normaliseRange(code, 0, code.length, []);
}

function leadingSpace(code: string): number {
  return code.length - code.trimStart().length;
}
