/** @file Kotlin for the extractor. Its grammar names no fields: children are told by their kind. */
import {
  COMMON,
  childOfKind,
  kindIn,
  type LanguageRow,
  lambdaNamed,
  listOf,
  typeAfterColon,
} from '../language-row.ts';
import type { Binding, Scope, SyntaxNode } from '../syntax.ts';

export const kotlin: LanguageRow = {
  ...COMMON,
  grammar: '@cursorless/tree-sitter-wasms/out/tree-sitter-kotlin.wasm',
  recordLanguage: 'kotlin',
  extensions: ['.kt', '.kts'],
  functions: [
    'function_declaration',
    'secondary_constructor',
    'getter',
    'setter',
    'lambda_literal',
    'anonymous_function',
  ],
  closures: ['lambda_literal', 'anonymous_function'],
  takers: ['call_expression', 'infix_expression'],
  acts: ['call_expression'],
  keepers: ['property_declaration', 'assignment'],
  scopes: ['package_header', 'class_declaration', 'object_declaration', 'companion_object', 'object_literal'],
  comments: ['line_comment', 'multiline_comment'],
  verbatim: ['string_literal', 'character_literal'],
  wrappers: [
    ['', '\n'],
    ['class _C {', '\n}'],
    ['val _p = ', '\n'],
    ['val _p: Int = 0\n', '\n'],
  ],
  naming,
  scope: (node) => {
    if (node.kind === 'object_literal') return { name: '<object>', isType: true };
    const name = childOfKind(node, 'type_identifier', 'identifier')?.text().replace(/\s+/g, '');
    if (node.kind === 'package_header') return name === undefined ? undefined : { name, isOpen: true };
    return { name: name ?? 'Companion', isType: true };
  },
  body: (node) => {
    if (node.kind === 'lambda_literal') return node;
    return childOfKind(node, 'function_body', 'statements');
  },
  parameters: (node) => listOf(childOfKind(node, 'function_value_parameters', 'lambda_parameters')),
  parameterType: (parameter) =>
    // Defaults and modifiers stand beside the parameters.
    ['parameter', 'variable_declaration'].includes(parameter.kind)
      ? typeAfterColon(parameter.text())
      : undefined,
};

function naming(node: SyntaxNode, owner: Scope | undefined): Binding | undefined {
  switch (node.kind) {
    case 'secondary_constructor':
      return { name: owner?.name, path: 'constructor', kind: 'constructor' };
    case 'getter':
    case 'setter': {
      const name = propertyName(propertyBefore(node));
      return { name, path: name, kind: node.kind };
    }
    case 'lambda_literal':
    case 'anonymous_function':
      return lambdaNamed(targetName(node.parent()));
    default:
      return functionName(node, owner);
  }
}

/** `fun String.escape()` is named with the type it extends. */
function functionName(node: SyntaxNode, owner: Scope | undefined): Binding {
  const children = node.children();
  const at = children.findIndex((child) => child.kind === 'simple_identifier');
  const name = children[at]?.text();
  const receiver = children[at - 1];
  const isExtension = receiver?.kind.endsWith('_type') === true;
  const path = isExtension && name !== undefined ? `${receiver.text().replace(/\s+/g, '')}.${name}` : name;
  return { name, path, kind: kindIn(name, owner) };
}

function propertyBefore(node: SyntaxNode): SyntaxNode | undefined {
  const parent = node.parent();
  if (parent?.kind === 'property_declaration') return parent;
  let before = node.previous();
  while (before !== undefined && before.kind !== 'property_declaration') {
    if (!/^(getter|setter)$|comment$/.test(before.kind)) return undefined;
    before = before.previous();
  }
  return before;
}

function propertyName(property: SyntaxNode | undefined): string | undefined {
  const variable = property && childOfKind(property, 'variable_declaration');
  return variable && childOfKind(variable, 'simple_identifier')?.text();
}

function targetName(parent: SyntaxNode | undefined): string | undefined {
  if (parent?.kind === 'property_declaration') return propertyName(parent);
  return parent?.kind === 'assignment' ? parent.children()[0]?.text() : undefined;
}
