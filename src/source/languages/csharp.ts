/** @file C# for the extractor. Accessors are functions; `get` and `set` of one property differ in kind alone. */
import {
  boundLambda,
  COMMON,
  childOfKind,
  isComment,
  type LanguageRow,
  listOf,
  namedIn,
  namedScope,
} from '../language-row.ts';
import type { Binding, Scope, SyntaxNode } from '../syntax.ts';

export const csharp: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-c-sharp.wasm',
  recordLanguage: 'csharp',
  extensions: ['.cs'],
  functions: [
    'method_declaration',
    'constructor_declaration',
    'destructor_declaration',
    'operator_declaration',
    'conversion_operator_declaration',
    'property_declaration',
    'indexer_declaration',
    'accessor_declaration',
    'local_function_statement',
    'lambda_expression',
    'anonymous_method_expression',
  ],
  closures: ['lambda_expression', 'anonymous_method_expression'],
  takers: ['invocation_expression', 'object_creation_expression', 'assignment_expression'],
  acts: ['invocation_expression'],
  keepers: ['variable_declarator', 'assignment_expression', 'property_declaration', 'attribute_list'],
  scopes: [
    'namespace_declaration',
    'file_scoped_namespace_declaration',
    'class_declaration',
    'struct_declaration',
    'interface_declaration',
    'record_declaration',
    'enum_declaration',
  ],
  verbatim: [
    'string_literal',
    'verbatim_string_literal',
    'raw_string_literal',
    'interpolated_string_expression',
    'character_literal',
  ],
  wrappers: [
    ['class _ {', '\n}'],
    ['class _ { object _ = ', '\n;}'],
    ['class _ { void _() {', '\n}}'],
    ['class _ { int _ {', '\n}}'],
    ['', '\n'],
  ],
  naming: nameOfMember,
  scope: (node) => {
    const isNamespace = node.kind.endsWith('namespace_declaration');
    const scope = namedScope(node, !isNamespace);
    return scope && { ...scope, isOpen: node.kind.startsWith('file_scoped') };
  },
  body: (node) => {
    if (node.kind === 'property_declaration' || node.kind === 'indexer_declaration') {
      return childOfKind(node, 'arrow_expression_clause');
    }
    return node.field('body') ?? childOfKind(node, 'block');
  },
  parameters: (node) =>
    listOf((node.kind === 'accessor_declaration' ? member(node) : node)?.field('parameters')),
  parameterType: (parameter) => {
    // `params int[] rest` stands in the list as a type and a name.
    if (isComment(parameter) || parameter.kind === 'identifier' || parameter.kind === 'attribute_list')
      return undefined;
    return (parameter.kind === 'parameter' ? parameter.field('type') : undefined)?.text() ?? parameter.text();
  },
};

/** As much of a declaration as names are looked for in. */
const LONGEST_HEAD = 500;

function nameOfMember(node: SyntaxNode, owner: Scope | undefined): Binding | undefined {
  const own = namedIn(node, owner);
  switch (node.kind) {
    case 'lambda_expression':
    case 'anonymous_method_expression':
      return boundLambda(node, {
        variable_declarator: 'name',
        assignment_expression: 'left',
        property_declaration: 'name',
      });
    case 'constructor_declaration':
      return { ...own, kind: 'constructor' };
    case 'destructor_declaration':
      return { name: `~${own.name ?? ''}`, path: `~${own.name ?? ''}`, kind: 'method' };
    case 'operator_declaration':
      return operator(
        /\boperator\s+(?:checked\s+)?(\S+?)\s*\(/.exec(node.text().slice(0, LONGEST_HEAD))?.[1],
      );
    case 'conversion_operator_declaration':
      return operator(node.field('type')?.text());
    case 'indexer_declaration':
      return { name: 'this[]', path: 'this[]', kind: 'getter' };
    case 'property_declaration':
      return { ...own, kind: 'getter' };
    case 'accessor_declaration':
      return accessor(node);
    case 'method_declaration': {
      const face = childOfKind(node, 'explicit_interface_specifier')
        ?.text()
        .slice(0, LONGEST_HEAD)
        .replace(/[\s.]+$/, '');
      return { ...own, path: face === undefined ? own.path : `${face}.${own.path ?? ''}`, kind: 'method' };
    }
    default:
      return { ...own, kind: 'function' };
  }
}

function operator(symbol: string | undefined): Binding {
  const name = `operator ${symbol ?? ''}`;
  return { name, path: name, kind: 'method' };
}

function accessor(node: SyntaxNode): Binding | undefined {
  const of = member(node);
  const name = of?.kind === 'indexer_declaration' ? 'this[]' : of?.field('name')?.text();
  const verb = ['get', 'set', 'init', 'add', 'remove'].find((token) => node.hasToken(token));
  if (verb === 'get') return { name, path: name, kind: 'getter' };
  if (verb === 'set' || verb === 'init') return { name, path: name, kind: 'setter' };
  return { name, path: name && `${name}.${verb ?? ''}`, kind: 'method' };
}

/** The property, indexer or event that an accessor belongs to. */
function member(node: SyntaxNode): SyntaxNode | undefined {
  return node.parent()?.parent();
}
