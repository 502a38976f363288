/** @file Rust for the extractor. Functions of an `impl` carry its type, and its trait as `<Type as Trait>`. */
import { boundLambda, COMMON, isComment, type LanguageRow, namedIn, namedScope } from '../language-row.ts';

export const rust: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-rust.wasm',
  recordLanguage: 'rust',
  extensions: ['.rs'],
  functions: ['function_item', 'closure_expression'],
  closures: ['closure_expression'],
  takers: ['call_expression', 'field_initializer'],
  scopes: ['mod_item', 'impl_item', 'trait_item'],
  comments: ['line_comment', 'block_comment'],
  verbatim: ['string_literal', 'raw_string_literal', 'char_literal'],
  separator: '::',
  wrappers: [
    ['', '\n'],
    ['impl _T {', '\n}'],
    ['trait _T {', '\n}'],
    ['const _C: _T = ', '\n;'],
  ],
  naming: (node, owner) =>
    node.kind === 'closure_expression'
      ? boundLambda(node, {
          let_declaration: 'pattern',
          const_item: 'name',
          static_item: 'name',
          assignment_expression: 'left',
        })
      : namedIn(node, owner),
  scope: (node) => {
    if (node.kind !== 'impl_item') return namedScope(node, node.kind === 'trait_item');
    const type = node.field('type')?.text().replace(/\s+/g, '');
    const trait = node.field('trait')?.text().replace(/\s+/g, '');
    if (type === undefined) return undefined;
    return { name: trait === undefined ? type : `<${type} as ${trait}>`, isType: true };
  },
  parameterType: (parameter) =>
    isComment(parameter) || parameter.kind === 'attribute_item'
      ? undefined
      : (parameter.field('type') ?? parameter).text(),
};
