/** @file The rewrites' rules of Python, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const PYTHON: RewriteRow = {
  isSnakeCase: true,
  names: {
    leaves: ['identifier'],
    otherLeaves: [],
    others: ['attribute.attribute', 'keyword_argument.name'],
    patterns: ['pattern_list', 'tuple_pattern', 'list_pattern', 'list_splat_pattern'],
    declares: ['assignment.left', 'for_statement.left', 'as_pattern_target', 'named_expression.name'],
    scopes: ['function_definition'],
    bodyOnly: true,
    from: 'scope',
    // Callers may name parameters.
    opaque: [
      'parameters',
      'lambda_parameters',
      'class_definition',
      'import_statement',
      'import_from_statement',
      'global_statement',
      'nonlocal_statement',
      'match_statement',
      'decorator',
      'type',
    ],
    unsafe:
      /\b(?:eval|exec|locals|globals|vars|dir|compile)\s*\(|\{[^{}\n]*[^=!<>]=\s*(?:![rsa])?(?::[^{}\n]*)?\}/,
  },
  blocks: ['block'],
  comment: '#',
  deadBranch: ['if False:', '    pass'],
  unusedLocal: (name) => `${name} = 0`,
  literalDeclaration: declarationOf('', ' =', '', 'True|False|None'),
};
