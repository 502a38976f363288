/** @file The rewrites' rules of JavaScript and TypeScript, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

const JS_FUNCTIONS = [
  'function_declaration',
  'function_expression',
  'generator_function',
  'generator_function_declaration',
  'arrow_function',
  'method_definition',
];

export const ECMASCRIPT: RewriteRow = {
  names: {
    leaves: ['identifier'],
    otherLeaves: ['property_identifier', 'private_property_identifier', 'statement_identifier'],
    others: [],
    patterns: [
      'array_pattern',
      'rest_pattern',
      'pair_pattern.value',
      'object_pattern',
      'assignment_pattern.left',
      'required_parameter.pattern',
      'optional_parameter.pattern',
    ],
    declares: [
      'variable_declarator.name',
      'formal_parameters',
      'arrow_function.parameter',
      'catch_clause.parameter',
    ],
    scopes: [
      ...JS_FUNCTIONS,
      'statement_block',
      'for_statement',
      'for_in_statement',
      'catch_clause',
      'switch_body',
    ],
    functionScoped: ['variable_declaration'],
    from: 'scope',
    opaque: [
      'jsx_opening_element.name',
      'jsx_closing_element.name',
      'jsx_self_closing_element.name',
      'decorator',
      'nested_identifier',
      'function_type',
    ],
    keptDeclaration: /^(?:public|private|protected|readonly|override|@)/,
    unsafe: /\b(?:eval|with|Function)\s*\(/,
  },
  blocks: ['statement_block'],
  comment: '//',
  deadBranch: ['if (false) {', '}'],
  unusedLocal: (name) => `let ${name} = 0;`,
  literalDeclaration: declarationOf('(?:let|const|var) ', '(?:: \\w+)? =', ';', 'true|false|null'),
};
