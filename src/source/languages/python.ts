/** @file Python for the extractor. Decorators belong to the function; indentation is kept in normalised text. */
import { boundLambda, COMMON, type LanguageRow, namedIn, namedScope } from '../language-row.ts';

export const python: LanguageRow = {
  ...COMMON,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-python.wasm',
  recordLanguage: 'python',
  extensions: ['.py', '.pyw', '.pyi'],
  functions: ['function_definition', 'lambda'],
  closures: ['lambda'],
  takers: ['call', 'pair', 'keyword_argument'],
  acts: ['call'],
  keepers: ['assignment', 'augmented_assignment', 'decorator'],
  scopes: ['class_definition'],
  quoted: ['string'],
  indented: ['block'],
  wrappers: [
    ['', '\n'],
    // A method cut out of its class: the first line without its indentation, the others with.
    ['if 1:\n ', '\n'],
    ['class _:\n    ', '\n'],
    ['class _:\n  ', '\n'],
    ['class _:\n\t', '\n'],
    ['class _:\n        ', '\n'],
    ['_ = ', '\n'],
  ],
  naming: (node, owner) =>
    node.kind === 'lambda' ? boundLambda(node, { assignment: 'left' }) : namedIn(node, owner, '__init__'),
  scope: (node) => namedScope(node),
  whole: (node) => {
    const parent = node.kind === 'lambda' ? undefined : node.parent();
    return parent?.kind === 'decorated_definition' ? parent : node;
  },
};
