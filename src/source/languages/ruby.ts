/** @file Ruby for the extractor: `def`, `define_method`, lambdas and procs bound to names. */
import {
  boundLambda,
  COMMON,
  isComment,
  type LanguageRow,
  listOf,
  namedIn,
  namedScope,
} from '../language-row.ts';
import type { Binding, Scope, SyntaxNode } from '../syntax.ts';

export const ruby: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-ruby.wasm',
  recordLanguage: 'ruby',
  extensions: ['.rb', '.rake', '.gemspec', '.ru'],
  functions: ['method', 'singleton_method', 'call', 'lambda', 'block', 'do_block'],
  closures: ['lambda', 'block', 'do_block'],
  // The block of `-> { ... }` is the lambda's body.
  isClosure: (node) => node.kind === 'lambda' || node.parent()?.kind !== 'lambda',
  takers: ['call', 'pair'],
  acts: ['call', 'subshell'],
  keepers: ['assignment', 'operator_assignment'],
  scopes: ['module', 'class', 'singleton_class'],
  verbatim: [
    'string',
    'heredoc_body',
    'regex',
    'subshell',
    'string_array',
    'symbol_array',
    'delimited_symbol',
  ],
  separator: '::',
  wrappers: [
    ['', '\n'],
    ['_ = ', '\n'],
    ['_ ', '\n'],
    ['class C_\n', '\nend'],
  ],
  naming,
  scope: (node) => (node.kind === 'singleton_class' ? { name: 'self', isType: true } : namedScope(node)),
  body: (node) => {
    const block = node.kind === 'call' ? node.field('block') : node;
    return block?.field('body') ?? block;
  },
  parameters: (node) => listOf((node.field('block') ?? node).field('parameters')),
  parameterType: (parameter) =>
    isComment(parameter)
      ? undefined
      : parameter
          .text()
          .replace(/\s+/g, ' ')
          .replace(/(:).*| ?=.*/, '$1'),
};

const BLOCK_MAKERS = new Set(['lambda', 'proc', 'Proc.new']);

function naming(node: SyntaxNode, owner: Scope | undefined): Binding | undefined {
  if (node.kind === 'method') return namedIn(node, owner, 'initialize');
  if (node.kind === 'singleton_method') {
    const object = node.field('object')?.text() ?? 'self';
    return { ...namedIn(node, owner, undefined, `${object}.`), kind: 'method' };
  }
  if (node.kind === 'block' || node.kind === 'do_block') return undefined;
  if (node.kind === 'lambda') return boundLambda(node, { assignment: 'left' });
  if (node.field('block') === undefined) return undefined;
  const method = node.field('method')?.text();
  if (method === 'define_method' || method === 'define_singleton_method') {
    const name = /^[:'"]+([^'"\s,)]+)/.exec(node.field('arguments')?.children()[0]?.text() ?? '')?.[1];
    return name === undefined ? undefined : { name, path: name, kind: 'method' };
  }
  const maker = `${node.field('receiver')?.text().concat('.') ?? ''}${method ?? ''}`;
  return BLOCK_MAKERS.has(maker) ? boundLambda(node, { assignment: 'left' }) : undefined;
}
