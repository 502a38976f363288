/** @file The rewrites' rules of Scala, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const SCALA: RewriteRow = {
  names: {
    leaves: ['identifier'],
    otherLeaves: [],
    others: [
      'field_expression.field',
      'infix_expression.operator',
      'interpolated_string_expression.interpolator',
    ],
    patterns: ['tuple_pattern'],
    declares: ['val_definition.pattern', 'var_definition.pattern'],
    scopes: ['function_definition', 'block', 'indented_block', 'lambda_expression', 'case_clause'],
    bodyOnly: true,
    from: 'scope',
    // Callers may name parameters, and a named argument looks like an assignment.
    opaque: [
      'parameters',
      'arguments/assignment_expression.left',
      'template_body',
      'stable_identifier',
      'class_parameters',
      'annotation',
      'import_declaration',
    ],
  },
  blocks: ['block', 'indented_block'],
  comment: '//',
  deadBranch: ['if (false) {', '}'],
  unusedLocal: (name) => `val ${name} = 0;`,
  literalDeclaration: declarationOf('va[lr] ', '(?:: \\w+)? =', '', 'true|false|null'),
  lastIsValue: true,
};
