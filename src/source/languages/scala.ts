/** @file Scala for the extractor: braces or indentation, bodies that are expressions, several parameter lists. */
import { boundLambda, COMMON, type LanguageRow, namedIn, namedScope } from '../language-row.ts';
import type { SyntaxNode } from '../syntax.ts';

export const scala: LanguageRow = {
  ...COMMON,
  grammar: '@cursorless/tree-sitter-wasms/out/tree-sitter-scala.wasm',
  recordLanguage: 'scala',
  extensions: ['.scala', '.sc'],
  functions: ['function_definition', 'lambda_expression', 'block', 'case_block'],
  closures: ['lambda_expression', 'block', 'case_block'],
  isClosure,
  takers: ['call_expression', 'infix_expression'],
  acts: ['call_expression'],
  keepers: ['val_definition', 'var_definition', 'assignment_expression'],
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
    ['_f ', '\n'],
  ],
  naming: (node, owner) =>
    node.kind !== 'function_definition'
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
  body: (node) => {
    if (node.kind === 'block' || node.kind === 'case_block') return node;
    return node.kind === 'lambda_expression' ? (node.children().at(-1) ?? node) : node.field('body');
  },
  parameters: (node) => node.children().filter((child) => /^(parameters|bindings)$/.test(child.kind)),
};

/** A block is one where a call takes it, `get("/x") { ... }`, and cases where no `match` or `catch` has them. */
function isClosure(node: SyntaxNode): boolean {
  if (node.kind === 'lambda_expression') return true;
  const parent = node.parent()?.kind;
  if (parent === 'val_definition') return node.kind === 'case_block';
  if (parent !== 'call_expression' && parent !== 'infix_expression') return false;
  // `Action { request => ... }`: the lambda in the block is the closure.
  return node.children()[0]?.kind !== 'lambda_expression';
}
