/** @file PHP for the extractor, with the HTML around it. */
import { boundLambda, COMMON, type LanguageRow, namedIn, namedScope } from '../language-row.ts';

export const php: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-php.wasm',
  recordLanguage: 'php',
  extensions: ['.php', '.phtml', '.php5', '.php7', '.phps', '.inc'],
  functions: ['function_definition', 'method_declaration', 'anonymous_function', 'arrow_function'],
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
