/** @file Scala for the extractor: braces or indentation, bodies that are expressions, several parameter lists. */
import { boundLambda, COMMON, type LanguageRow, namedIn, namedScope } from '../language-row.ts';

export const scala: LanguageRow = {
  ...COMMON,
  grammar: '@cursorless/tree-sitter-wasms/out/tree-sitter-scala.wasm',
  recordLanguage: 'scala',
  extensions: ['.scala', '.sc'],
  functions: ['function_definition', 'lambda_expression'],
  scopes: [
    'package_clause',
    'class_definition',
    'object_definition',
    'trait_definition',
    'enum_definition',
    'package_object',
  ],
  comments: ['comment', 'block_comment'],
  verbatim: ['string', 'interpolated_string_expression', 'character_literal'],
  indented: ['indented_block', 'indented_cases'],
  wrappers: [
    ['class _C {\n', '\n}'],
    ['val _v = ', '\n'],
    ['', '\n'],
  ],
  naming: (node, owner) =>
    node.kind === 'lambda_expression'
      ? boundLambda(node, {
          val_definition: 'pattern',
          var_definition: 'pattern',
          assignment_expression: 'left',
        })
      : namedIn(node, owner, 'this'),
  scope: (node) => {
    if (node.kind !== 'package_clause') return namedScope(node);
    const scope = namedScope(node, false);
    return scope && { ...scope, isOpen: node.field('body') === undefined };
  },
  body: (node) => (node.kind === 'lambda_expression' ? (node.children().at(-1) ?? node) : node.field('body')),
  parameters: (node) => node.children().filter((child) => /^(parameters|bindings)$/.test(child.kind)),
};
