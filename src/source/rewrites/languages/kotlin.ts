/** @file The rewrites' rules of Kotlin, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const KOTLIN: RewriteRow = {
  names: {
    leaves: ['simple_identifier', 'interpolated_identifier'],
    otherLeaves: [],
    others: ['navigation_suffix', 'infix_expression#1'],
    // A function of the same name is called where the variable cannot be.
    blockers: ['call_expression#0'],
    patterns: ['variable_declaration', 'multi_variable_declaration'],
    declares: ['property_declaration', 'lambda_parameters'],
    scopes: [
      'function_declaration',
      'lambda_literal',
      'control_structure_body',
      'when_entry',
      'statements',
      'for_statement',
    ],
    from: 'end',
    // Callers may name parameters.
    opaque: [
      'function_value_parameters',
      'class_body',
      'callable_reference',
      'value_argument[=]',
      'annotation',
      'object_literal',
      'label',
    ],
  },
  blocks: ['statements'],
  comment: '//',
  deadBranch: ['if (false) {', '}'],
  unusedLocal: (name) => `val ${name} = 0`,
  literalDeclaration: declarationOf('va[lr] ', '(?:: \\w+)? =', '', 'true|false|null'),
  lastIsValue: true,
};
