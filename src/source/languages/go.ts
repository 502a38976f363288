/** @file Go for the extractor. A method's owner is the type of its receiver. */
import { COMMON, childOfKind, isComment, type LanguageRow, lambdaNamed, namedIn } from '../language-row.ts';
import type { Binding, SyntaxNode } from '../syntax.ts';

const LONGEST_RECEIVER = 500;

export const go: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-go.wasm',
  recordLanguage: 'go',
  extensions: ['.go'],
  functions: ['function_declaration', 'method_declaration', 'func_literal'],
  closures: ['func_literal'],
  takers: ['call_expression', 'keyed_element'],
  acts: ['call_expression'],
  keepers: ['var_spec', 'const_spec'],
  scopes: ['package_clause'],
  verbatim: ['interpreted_string_literal', 'raw_string_literal', 'rune_literal'],
  wrappers: [
    ['package _\n', '\n'],
    ['package _\nvar _ = ', '\n'],
    ['', '\n'],
  ],
  naming: (node, owner) => {
    if (node.kind === 'func_literal') return literalName(node);
    if (node.kind === 'function_declaration') return namedIn(node, owner);
    const receiver = (node.field('receiver')?.text() ?? '').slice(-LONGEST_RECEIVER).replace(/\s+/g, ' ');
    const type = /([\w.]+) ?(?:\[.*\])? ?,? ?\)$/.exec(receiver)?.[1];
    const { name, path } = namedIn(node, owner);
    return { name, path: type === undefined ? path : `${type}.${path ?? ''}`, kind: 'method' };
  },
  scope: (node) => {
    const name = childOfKind(node, 'package_identifier')?.text();
    return name === undefined ? undefined : { name, isOpen: true };
  },
  parameterType: (parameter) => {
    if (isComment(parameter)) return undefined;
    const type = parameter.field('type')?.text() ?? parameter.text();
    if (parameter.kind === 'variadic_parameter_declaration') return `...${type}`;
    const names = parameter.children().filter((child) => child.kind === 'identifier').length;
    return new Array(Math.max(1, names)).fill(type).join(', ');
  },
};

/** `f := func() {}`, `var f = func() {}`, `x.f = func() {}`, `Field: func() {}`: one name, one value. */
function literalName(node: SyntaxNode): Binding | undefined {
  const holder = node.parent();
  const parent = holder?.parent();
  if (holder === undefined || parent === undefined) return undefined;
  if (holder.kind === 'literal_element' && parent.kind === 'keyed_element') {
    const key = parent.children()[0];
    return key?.range().start === holder.range().start ? undefined : lambdaNamed(key?.text());
  }
  if (holder.kind !== 'expression_list' || holder.children().length !== 1) return undefined;
  return lambdaNamed((parent.field('left') ?? parent.field('name'))?.text());
}
