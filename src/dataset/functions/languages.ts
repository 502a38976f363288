/**
 * @file The table of languages that functions can be taken out of: grammar, file extensions, node kinds, naming rule.
 * A new language is a new row. Knows nothing of how a tree is walked.
 */
import { bindingOfJavaScriptFunction } from './javascript-names.ts';
import type { NamingRule } from './syntax.ts';

export interface LanguageRow {
  /** The grammar's name for the parser. */
  readonly grammar: 'JavaScript' | 'TypeScript' | 'Tsx';
  /** What records say in `language`. */
  readonly recordLanguage: string;
  readonly extensions: readonly string[];
  /** Nodes that are a function with a body. */
  readonly functions: readonly string[];
  readonly comments: readonly string[];
  /** String literals in interchangeable quotes. */
  readonly quoted: readonly string[];
  /** Other text in which white space counts. */
  readonly verbatim: readonly string[];
  /** What can stand around a single function so that it parses alone, tried in order: [before, after]. */
  readonly wrappers: readonly (readonly [string, string])[];
  readonly naming: NamingRule;
}

const ECMASCRIPT = {
  functions: [
    'function_declaration',
    'function_expression',
    'arrow_function',
    'method_definition',
    'generator_function',
    'generator_function_declaration',
  ],
  comments: ['comment'],
  quoted: ['string'],
  wrappers: [
    ['(', '\n)'],
    ['({', '\n})'],
    ['class _ {', '\n}'],
    ['', ''],
  ],
  naming: bindingOfJavaScriptFunction,
} as const;

export const LANGUAGES = {
  javascript: {
    ...ECMASCRIPT,
    grammar: 'JavaScript',
    recordLanguage: 'javascript',
    extensions: ['.js', '.cjs', '.mjs', '.jsx'],
    verbatim: ['template_string', 'regex', 'jsx_text'],
  },
  typescript: {
    ...ECMASCRIPT,
    grammar: 'TypeScript',
    recordLanguage: 'typescript',
    extensions: ['.ts', '.cts', '.mts'],
    verbatim: ['template_string', 'regex'],
  },
  tsx: {
    ...ECMASCRIPT,
    grammar: 'Tsx',
    recordLanguage: 'typescript',
    extensions: ['.tsx'],
    verbatim: ['template_string', 'regex', 'jsx_text'],
  },
} as const satisfies Record<string, LanguageRow>;

export type Language = keyof typeof LANGUAGES;

/** The language of a file by its extension; undefined when there is no row for it. Type declarations have no functions. */
export function languageOfPath(path: string): Language | undefined {
  const name = path.toLowerCase();
  if (/\.d\.[cm]?ts$/.test(name)) return undefined;
  const rows = Object.entries(LANGUAGES) as [Language, LanguageRow][];
  return rows.find(([, row]) => row.extensions.some((extension) => name.endsWith(extension)))?.[0];
}
