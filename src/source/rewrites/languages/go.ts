/** @file The rewrites' rules of Go, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const GO: RewriteRow = {
  names: {
    leaves: ['identifier'],
    otherLeaves: ['field_identifier', 'label_name'],
    others: [],
    patterns: ['expression_list'],
    declares: [
      'short_var_declaration.left',
      'var_spec.name',
      'range_clause.left',
      'parameter_declaration.name',
    ],
    scopes: [
      'function_declaration',
      'method_declaration',
      'func_literal',
      'function_type',
      'method_elem',
      'block',
      'if_statement',
      'for_statement',
      'expression_switch_statement',
      'type_switch_statement',
      'expression_case',
      'type_case',
      'default_case',
      'communication_case',
    ],
    from: 'end',
    opaque: ['keyed_element.key', 'qualified_type', 'const_spec', 'type_declaration'],
  },
  blocks: ['statement_list'],
  comment: '//',
  deadBranch: ['if false {', '}'],
  unusedLocal: undefined,
  literalDeclaration: declarationOf('', ' :=', '', 'true|false'),
};
