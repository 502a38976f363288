/** @file The rewrites' rules of Ruby, by the kinds and fields of its grammar. */
import { declarationOf, type RewriteRow } from '../rewrite-row.ts';

export const RUBY: RewriteRow = {
  isSnakeCase: true,
  names: {
    leaves: ['identifier'],
    otherLeaves: ['instance_variable', 'class_variable', 'global_variable'],
    others: ['call.method'],
    patterns: ['left_assignment_list'],
    declares: ['assignment.left', 'exception_variable', 'method_parameters', 'block_parameters'],
    scopes: ['method', 'singleton_method', 'block', 'do_block', 'lambda'],
    from: 'name',
    opaque: [
      'keyword_parameter',
      'alias',
      'undef',
      'method.name',
      'singleton_method.name',
      'class',
      'module',
    ],
    unsafe:
      /\b(?:binding|eval|instance_eval|class_eval|module_eval|instance_exec|define_method|local_variables|local_variable_get|local_variable_set|render|ERB)\b|->|\blambda\b|\bproc\b/,
  },
  blocks: ['body_statement', 'then'],
  comment: '#',
  refused: /<<[~-]?['"`]?\w+/,
  deadBranch: ['if false', 'end'],
  unusedLocal: (name) => `${name} = 0`,
  literalDeclaration: declarationOf('', ' =', '', 'true|false|nil'),
  lastIsValue: true,
};
