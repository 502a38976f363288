/**
 * @file The languages that functions can be taken out of. A new one is a file in languages/ and a line here. Knows
 * nothing of how a tree is walked.
 */
import type { LanguageRow } from './language-row.ts';
import { c, cpp } from './languages/c-family.ts';
import { csharp } from './languages/csharp.ts';
import { go } from './languages/go.ts';
import { java } from './languages/java.ts';
import { javascript, tsx, typescript } from './languages/javascript.ts';
import { kotlin } from './languages/kotlin.ts';
import { php } from './languages/php.ts';
import { python } from './languages/python.ts';
import { ruby } from './languages/ruby.ts';
import { rust } from './languages/rust.ts';
import { scala } from './languages/scala.ts';

export type { LanguageRow } from './language-row.ts';

export const LANGUAGES = {
  javascript,
  typescript,
  tsx,
  java,
  c,
  cpp,
  python,
  go,
  php,
  csharp,
  ruby,
  rust,
  kotlin,
  scala,
} as const satisfies Record<string, LanguageRow>;

export type Language = keyof typeof LANGUAGES;

/** The languages that records call so, the likelier first: a TypeScript record may be TSX. */
export function languagesNamed(recordLanguage: string): readonly Language[] {
  const rows = Object.entries(LANGUAGES) as [Language, LanguageRow][];
  return rows.flatMap(([language, row]) => (row.recordLanguage === recordLanguage ? [language] : []));
}

/** What only C++ has at the beginning of a line or after a word. */
const CPP_HEADER =
  /^[ \t]*(?:class|namespace|template|using|public|private|protected|virtual|friend)\b(?!\s*[=;,)])|\bstd::|\boperator\s*[^\w\s]|^[ \t]*#[ \t]*include[ \t]*<\w+>/m;

/**
 * The language of a file by its extension, of a `.h` by its text where that is given; undefined when no row exists
 * for it. Type declarations have no functions.
 */
export function languageOfPath(path: string, text?: string): Language | undefined {
  const name = path.toLowerCase();
  if (/\.d\.[cm]?ts$/.test(name)) return undefined;
  // Upper case is C++ by the compilers' own rule.
  if (/\.(?:C|H)$/.test(path)) return 'cpp';
  const rows = Object.entries(LANGUAGES) as [Language, LanguageRow][];
  const language = rows.find(([, row]) => row.extensions.some((extension) => name.endsWith(extension)))?.[0];
  if (language !== 'c' || !name.endsWith('.h') || text === undefined) return language;
  return CPP_HEADER.test(withoutComments(text.slice(0, 30_000))) ? 'cpp' : 'c';
}

/** Good enough for a guess: what looks like C++ in a comment is none. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?(?:\*\/|$)|\/\/.*/g, ' ')
    .replace(/#[ \t]*ifdef[ \t]+__cplusplus[\s\S]*?(?:#[ \t]*endif|$)/g, ' ');
}
