/** @file PHP for the extractor, with the HTML around it. */
import { boundLambda, COMMON, type LanguageRow, namedIn, namedScope } from '../language-row.ts';

const CALLS = [
  'function_call_expression',
  'member_call_expression',
  'nullsafe_member_call_expression',
  'scoped_call_expression',
  'object_creation_expression',
];

export const php: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-php.wasm',
  recordLanguage: 'php',
  extensions: ['.php', '.phtml', '.php5', '.php7', '.phps', '.inc'],
  functions: ['function_definition', 'method_declaration', 'anonymous_function', 'arrow_function'],
  closures: ['anonymous_function', 'arrow_function'],
  takers: [...CALLS, 'array_element_initializer'],
  acts: [
    ...CALLS,
    'echo_statement',
    'print_intrinsic',
    'shell_command_expression',
    'include_expression',
    'include_once_expression',
    'require_expression',
    'require_once_expression',
  ],
  keepers: ['assignment_expression', 'property_element', 'const_element', 'attribute_list'],
  scopes: [
    'namespace_definition',
    'class_declaration',
    'interface_declaration',
    'trait_declaration',
    'enum_declaration',
  ],
  verbatim: ['string', 'encapsed_string', 'heredoc', 'nowdoc', 'text', 'shell_command_expression'],
  separator: '::',
  wrappers: [
    ['<?php ', '\n'],
    ['<?php class _ {', '\n}'],
    ['<?php $_ = ', '\n;'],
    ['', '\n'],
  ],
  naming: (node, owner) => {
    if (node.kind !== 'anonymous_function' && node.kind !== 'arrow_function') {
      return namedIn(node, owner, '__construct');
    }
    return boundLambda(node, { assignment_expression: 'left', property_element: 'name' });
  },
  scope: (node) => {
    if (node.kind !== 'namespace_definition') return namedScope(node);
    const scope = namedScope(node, false);
    return scope && { ...scope, isOpen: node.field('body') === undefined };
  },
};
