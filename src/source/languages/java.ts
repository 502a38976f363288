/** @file Java for the extractor. Annotations and modifiers are part of the method's own node. */
import {
  boundLambda,
  COMMON,
  childOfKind,
  isComment,
  type LanguageRow,
  namedIn,
  namedScope,
} from '../language-row.ts';
import type { SyntaxNode } from '../syntax.ts';

export const java: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-java.wasm',
  recordLanguage: 'java',
  extensions: ['.java'],
  functions: [
    'method_declaration',
    'constructor_declaration',
    'compact_constructor_declaration',
    'lambda_expression',
  ],
  closures: ['lambda_expression'],
  takers: ['method_invocation', 'object_creation_expression'],
  acts: ['method_invocation'],
  keepers: ['variable_declarator', 'assignment_expression'],
  scopes: [
    'package_declaration',
    'class_declaration',
    'interface_declaration',
    'enum_declaration',
    'record_declaration',
    'annotation_type_declaration',
    'class_body',
  ],
  comments: ['line_comment', 'block_comment'],
  verbatim: ['string_literal', 'character_literal'],
  wrappers: [
    ['class _ {', '\n}'],
    ['interface _ {', '\n}'],
    ['class _ { Object _ = ', '\n;}'],
    ['record _() {', '\n}'],
    ['', ''],
  ],
  naming: (node, owner) => {
    if (node.kind === 'lambda_expression') {
      return boundLambda(node, { variable_declarator: 'name', assignment_expression: 'left' });
    }
    const { name, path } = namedIn(node, owner);
    return { name, path, kind: node.kind === 'method_declaration' ? 'method' : 'constructor' };
  },
  scope: (node) => {
    if (node.kind === 'package_declaration') {
      const name = childOfKind(node, 'scoped_identifier', 'identifier')?.text();
      return name === undefined ? undefined : { name, isOpen: true };
    }
    if (node.kind !== 'class_body') return namedScope(node);
    // `new Foo() { ... }` and the bodies of enum constants; the others have their declaration's name already.
    const holder = node.parent();
    if (holder?.kind === 'enum_constant') return namedScope(holder);
    if (holder?.kind !== 'object_creation_expression') return undefined;
    return { name: `<${holder.field('type')?.text().replace(/\s+/g, '') ?? ''}>`, isType: true };
  },
  parameterType: (parameter) => {
    if (isComment(parameter) || parameter.kind === 'receiver_parameter') return undefined;
    if (parameter.kind !== 'spread_parameter') {
      return (parameter.field('type') ?? parameter).text() + (parameter.field('dimensions')?.text() ?? '');
    }
    return `${parameter.children().find(isType)?.text() ?? ''}...`;
  },
};

const isType = (node: SyntaxNode) => node.kind !== 'modifiers' && !isComment(node);
