/** @file The rewrites' rules of PHP, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const PHP: RewriteRow = {
  names: {
    leaves: ['name'],
    leafParent: 'variable_name',
    otherLeaves: [],
    others: [],
    patterns: ['variable_name', 'list_literal', 'pair'],
    declares: ['assignment_expression.left', 'foreach_statement', 'catch_clause.name'],
    scopes: ['function_definition', 'method_declaration', 'anonymous_function', 'arrow_function'],
    bodyOnly: true,
    from: 'scope',
    // Callers may name parameters.
    opaque: [
      'formal_parameters',
      'global_declaration',
      'function_static_declaration',
      'scoped_property_access_expression.name',
      'dynamic_variable_name',
      'declaration_list',
    ],
    unsafe:
      /\$\$|\$\{|\b(?:compact|extract|eval|get_defined_vars|parse_str|mb_parse_str|include|include_once|require|require_once)\b/,
  },
  blocks: ['compound_statement'],
  comment: '//',
  refused: /\?>/,
  deadBranch: ['if (false) {', '}'],
  unusedLocal: (name) => `$${name} = 0;`,
  literalDeclaration: declarationOf('\\$', ' =', ';', 'true|false|null'),
};
