/**
 * @file How JavaScript and TypeScript functions get their names: their own, or that of the variable, property, class
 * member or computed key they are bound to. Knows node kinds of these grammars, and nothing else.
 */
import { MOST_STEPS } from './language-row.ts';
import type { Binding, SyntaxNode } from './syntax.ts';

/** Anything longer is not a name. */
const LONGEST_NAME = 200;

/** Nodes that pass a value through: `(f)`, `f as T`, `a || f`, `c ? f : g`. */
const TRANSPARENT = new Set([
  'parenthesized_expression',
  'as_expression',
  'satisfies_expression',
  'non_null_expression',
  'type_assertion',
  'binary_expression',
  'ternary_expression',
]);

export function bindingOfJavaScriptFunction(node: SyntaxNode): Binding {
  const own = node.field('name');
  if (node.kind === 'method_definition') return methodBinding(node, own);
  const kind = node.kind === 'arrow_function' ? 'arrow' : 'function';
  if (own !== undefined && node.kind.endsWith('_declaration')) {
    return { name: own.text(), path: own.text(), kind };
  }
  const path = boundPath(node);
  return { name: own?.text() ?? lastName(path), path: path ?? own?.text(), kind };
}

function methodBinding(node: SyntaxNode, own: SyntaxNode | undefined): Binding {
  const name = own === undefined ? undefined : keyName(own);
  const owner = node.parent();
  const path = joinPath(owner === undefined ? undefined : ownerPath(owner), name);
  if (name === 'constructor' && owner?.kind === 'class_body') return { name, path, kind: 'constructor' };
  const kind = node.hasToken('get') ? 'getter' : node.hasToken('set') ? 'setter' : 'method';
  return { name, path, kind };
}

/** The dotted path of what a value is bound to; undefined for an argument, a callback, a returned function. */
function boundPath(node: SyntaxNode): string | undefined {
  let value = node;
  let parent = value.parent();
  for (let step = 0; step < MOST_STEPS && parent !== undefined && TRANSPARENT.has(parent.kind); step++) {
    value = parent;
    parent = value.parent();
  }
  if (parent === undefined) return undefined;
  switch (parent.kind) {
    case 'variable_declarator':
      return parent.field('name')?.text().slice(0, LONGEST_NAME);
    case 'assignment_expression':
    case 'assignment_pattern':
    case 'object_assignment_pattern':
    case 'augmented_assignment_expression':
      return assignedPath(parent.field('left'));
    case 'required_parameter':
    case 'optional_parameter':
      return parent.field('pattern')?.text();
    case 'pair':
      return memberPath(parent, parent.field('key'));
    case 'field_definition':
    case 'public_field_definition':
      return memberPath(parent, parent.field('property') ?? parent.field('name'));
    case 'export_statement':
      return 'default';
    default:
      return undefined;
  }
}

/** `a.b.c`, `a['b']` → `a.b`; anything longer than a plain reference (a call, a comment inside) is cut to one line. */
function assignedPath(left: SyntaxNode | undefined): string | undefined {
  const text = left?.text().replace(/\s+/g, '');
  return text?.replace(/\[(['"])([\w$]+)\1\]/g, '.$2').slice(0, LONGEST_NAME);
}

function memberPath(member: SyntaxNode, key: SyntaxNode | undefined): string | undefined {
  const owner = member.parent();
  return joinPath(owner === undefined ? undefined : ownerPath(owner), key && keyName(key));
}

/** The path of the object literal or class that a member stands in. */
function ownerPath(body: SyntaxNode): string | undefined {
  if (body.kind === 'object') return boundPath(body);
  if (body.kind !== 'class_body') return undefined;
  const type = body.parent();
  return type?.field('name')?.text() ?? (type === undefined ? undefined : boundPath(type));
}

function keyName(key: SyntaxNode): string {
  const text = key.text().slice(0, LONGEST_NAME);
  if (key.kind === 'string') return text.slice(1, -1);
  return key.kind === 'computed_property_name' ? text.replace(/\s+/g, '') : text;
}

function joinPath(owner: string | undefined, name: string | undefined): string | undefined {
  return owner === undefined || name === undefined ? name : `${owner}.${name}`;
}

/** The last part of a path; `module.exports` is a name of its own. */
function lastName(path: string | undefined): string | undefined {
  if (path === undefined || path === 'module.exports') return path;
  return /(?:\[[^\]]*\]|[^.[\]]+)$/.exec(path)?.[0] ?? path;
}
