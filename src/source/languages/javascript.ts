/** @file JavaScript, TypeScript and TSX for the extractor. */
import { bindingOfJavaScriptFunction } from '../javascript-names.ts';
import { COMMON, type LanguageRow } from '../language-row.ts';

const ECMASCRIPT = {
  ...COMMON,
  functions: [
    'function_declaration',
    'function_expression',
    'arrow_function',
    'method_definition',
    'generator_function',
    'generator_function_declaration',
  ],
  acts: ['call_expression', 'new_expression'],
  keepers: [
    'variable_declarator',
    'assignment_expression',
    'augmented_assignment_expression',
    'export_statement',
    'decorator',
  ],
  comments: ['comment', 'html_comment'],
  quoted: ['string'],
  wrappers: [
    ['(', '\n)'],
    ['({', '\n})'],
    ['class _ {', '\n}'],
    ['', ''],
  ],
  naming: bindingOfJavaScriptFunction,
} as const;

export const javascript = {
  ...ECMASCRIPT,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-javascript.wasm',
  recordLanguage: 'javascript',
  extensions: ['.js', '.cjs', '.mjs', '.jsx'],
  keepers: [...ECMASCRIPT.keepers, 'field_definition'],
  verbatim: ['template_string', 'regex', 'jsx_text'],
} as const satisfies LanguageRow;

export const typescript = {
  ...ECMASCRIPT,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-typescript.wasm',
  recordLanguage: 'typescript',
  extensions: ['.ts', '.cts', '.mts'],
  keepers: [...ECMASCRIPT.keepers, 'public_field_definition'],
  verbatim: ['template_string', 'regex'],
} as const satisfies LanguageRow;

export const tsx = {
  ...ECMASCRIPT,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-tsx.wasm',
  recordLanguage: 'typescript',
  extensions: ['.tsx'],
  keepers: [...ECMASCRIPT.keepers, 'public_field_definition'],
  verbatim: ['template_string', 'regex', 'jsx_text'],
} as const satisfies LanguageRow;
