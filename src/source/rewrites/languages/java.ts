/** @file The rewrites' rules of Java, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const JAVA: RewriteRow = {
  names: {
    leaves: ['identifier'],
    otherLeaves: [],
    others: [
      'field_access.field',
      'method_invocation.name',
      'labeled_statement',
      'break_statement',
      'continue_statement',
      'element_value_pair.key',
    ],
    patterns: [],
    declares: [
      'variable_declarator.name',
      'formal_parameter.name',
      'catch_formal_parameter.name',
      'enhanced_for_statement.name',
      'resource.name',
      'inferred_parameters',
      'lambda_expression.parameters',
    ],
    scopes: [
      'method_declaration',
      'constructor_declaration',
      'lambda_expression',
      'block',
      'constructor_body',
      'for_statement',
      'enhanced_for_statement',
      'catch_clause',
      'try_with_resources_statement',
      'switch_block',
    ],
    from: 'name',
    opaque: [
      'class_body',
      'interface_body',
      'switch_label',
      'method_reference',
      'annotation',
      'marker_annotation',
      'scoped_identifier',
      'receiver_parameter',
    ],
    // A parameter's name is read at run time where an annotation says so.
    keptDeclaration: /@/,
  },
  blocks: ['block', 'constructor_body'],
  comment: '//',
  deadBranch: ['if (false) {', '}'],
  unusedLocal: (name) => `int ${name} = 0;`,
  literalDeclaration: declarationOf(
    '(?:final )?(?:int|long|short|byte|char|boolean|float|double|String|var) ',
    ' =',
    ';',
    'true|false|null',
  ),
};
