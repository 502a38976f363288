/** @file The rewrites' rules of C and C++, by the kinds and fields of its grammar. */
import { declarationOf, type NameRules, type RewriteRow } from '../rewrite-row.ts';

const C_NAMES: NameRules = {
  leaves: ['identifier'],
  otherLeaves: ['field_identifier', 'statement_identifier'],
  others: [],
  patterns: [
    'pointer_declarator.declarator',
    'array_declarator.declarator',
    'init_declarator.declarator',
    'parenthesized_declarator',
    'reference_declarator',
  ],
  declares: [
    'declaration.declarator',
    'parameter_declaration.declarator',
    'optional_parameter_declaration.declarator',
    'for_range_loop.declarator',
  ],
  scopes: [
    'function_definition',
    'lambda_expression',
    'function_declarator',
    'abstract_function_declarator',
    'compound_statement',
    'for_statement',
    'for_range_loop',
    'if_statement',
    'while_statement',
    'switch_statement',
    'catch_clause',
  ],
  from: 'name',
  opaque: [
    'enumerator',
    'gnu_asm_expression',
    'attribute_specifier',
    'attribute_declaration',
    'struct_specifier',
    'class_specifier',
    'union_specifier',
    'qualified_identifier',
    'template_argument_list',
  ],
  // Macros see the names around them: what is written in capitals and called, and those that are known to be.
  unsafe:
    /\b[A-Z][A-Z0-9_]+\s*\(|\b(?:\w*for_each\w*|list_\w*entry\w*|container_of|assert|va_arg|va_start|offsetof|extern|asm|__asm__|__asm|typeof|__typeof__)\b/,
};

export const C: RewriteRow = {
  isSnakeCase: true,
  names: C_NAMES,
  blocks: ['compound_statement'],
  comment: '//',
  refused: /^[ \t]*#|\\\r?$/m,
  deadBranch: ['if (0) {', '}'],
  unusedLocal: (name) => `int ${name} = 0;`,
  literalDeclaration: declarationOf(
    '(?:const |unsigned |signed )*(?:int|char|short|long|long long|float|double|bool|size_t|ssize_t|u?int(?:8|16|32|64)_t)(?: \\*| )',
    ' =',
    ';',
    'true|false|NULL|nullptr',
  ),
};
