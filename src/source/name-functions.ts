/**
 * @file The functions among a tree's nodes: which function and which scopes each stands in, and its qualified name.
 * Knows no language; rows say how things are named.
 */
import { closureAt } from './closures.ts';
import type { LanguageRow } from './language-row.ts';
import type { Binding, Scope, SyntaxNode, SyntaxRange } from './syntax.ts';

export interface NamedFunction {
  readonly node: SyntaxNode;
  readonly whole: SyntaxRange;
  readonly body: SyntaxRange;
  readonly binding: Binding;
  readonly qualifiedName: string;
  /** Index, in the same list, of the function directly around it. */
  readonly parent: number | undefined;
}

/** What is open around the node that is looked at. */
interface Frame {
  readonly end: number;
  /** With its separator; what stands in it is named after it. */
  readonly prefix: string;
  readonly scope: Scope | undefined;
  /** Set for a function: its index. */
  readonly index?: number;
  /** Set for a closure with nothing but closures around it: how many these are with itself. */
  readonly closures?: number;
}

const MOST_NESTED = 500;
/** The longest prefix of a name's owners, in characters. */
const LONGEST_PREFIX = 1_000;

export const ANONYMOUS = '<anonymous>';

/**
 * `nodes`: functions and scopes in the order of the source, outer before inner. A string: why they are not listed.
 */
export function nameFunctions(nodes: readonly SyntaxNode[], row: LanguageRow): NamedFunction[] | string {
  const functions: NamedFunction[] = [];
  const frames: Frame[] = [];
  let fileFrame: Frame | undefined;
  for (const node of nodes) {
    const { start, end } = node.range();
    while (frames.length > 0 && frames.at(-1)!.end <= start) frames.pop();
    const around = frames.at(-1) ?? fileFrame;
    if (frames.length > MOST_NESTED)
      return `more than ${MOST_NESTED} functions and classes inside one another`;
    if (row.scopes.includes(node.kind)) {
      const frame = frameOf(node, end, around, row);
      if (frame?.scope?.isOpen === true) fileFrame = frame;
      else if (frame !== undefined) frames.push(frame);
      continue;
    }
    const outer = frames.findLast((frame) => frame.index !== undefined);
    const parent = outer?.index;
    const named = row.naming(node, around?.scope);
    const depth = outer === undefined ? 0 : outer.closures;
    const closure = named === undefined && depth !== undefined ? closureAt(node, row, depth) : undefined;
    const binding = named ?? (closure && { name: undefined, path: closure.label, kind: 'arrow' });
    const body = binding === undefined ? undefined : row.body(node)?.range();
    if (binding === undefined || body === undefined) continue;
    const qualifiedName = (around?.prefix ?? '').slice(-LONGEST_PREFIX) + (binding.path ?? ANONYMOUS);
    functions.push({ node, whole: row.whole(node).range(), body, binding, qualifiedName, parent });
    const index = functions.length - 1;
    // What stands in a closure is named as if the closure were not there.
    if (closure !== undefined)
      frames.push({
        end,
        prefix: around?.prefix ?? '',
        scope: around?.scope,
        index,
        closures: (depth ?? 0) + 1,
      });
    else frames.push({ end, prefix: prefixOf(qualifiedName, row.separator), scope: undefined, index });
  }
  return functions;
}

function frameOf(
  node: SyntaxNode,
  end: number,
  around: Frame | undefined,
  row: LanguageRow,
): Frame | undefined {
  const scope = row.scope(node);
  if (scope === undefined) return undefined;
  // One after the other (PHP, C#), a file's open scopes replace each other.
  const outer = scope.isOpen === true ? '' : (around?.prefix ?? '');
  return { end, prefix: `${outer}${scope.name}${row.separator}`, scope };
}

/** Anonymous wrappers (a module in a function) say nothing: they stay out of the names of what they hold. */
function prefixOf(qualifiedName: string, separator: string): string {
  const named = qualifiedName.split(ANONYMOUS).join('');
  const scope = named.endsWith(separator) ? named.slice(0, -separator.length) : named;
  return scope === '' ? '' : scope + separator;
}
