/** @file The rewrites' rules of Rust, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const RUST: RewriteRow = {
  isSnakeCase: true,
  names: {
    leaves: ['identifier'],
    otherLeaves: ['field_identifier'],
    others: ['macro_invocation.macro', 'lifetime', 'label'],
    patterns: ['tuple_pattern', 'mut_pattern', 'ref_pattern', 'reference_pattern'],
    declares: [
      'let_declaration.pattern',
      'parameter.pattern',
      'for_expression.pattern',
      'closure_parameters',
    ],
    scopes: ['function_item', 'closure_expression', 'block', 'for_expression', 'function_type'],
    from: 'end',
    opaque: [
      'token_tree',
      'shorthand_field_initializer',
      'tuple_struct_pattern.type',
      'scoped_identifier',
      'scoped_use_list',
      'use_declaration',
      'const_item',
      'static_item',
      'attribute_item',
      'impl_item',
    ],
  },
  blocks: ['block'],
  comment: '//',
  deadBranch: ['if false {', '}'],
  unusedLocal: (name) => `let _${name} = 0;`,
  literalDeclaration: declarationOf('let (?:mut )?', '(?:: [&\\w ]+)? =', ';', 'true|false'),
};
