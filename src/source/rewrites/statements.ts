/** @file Statements of a function that stand on lines of their own: what comments and code can be put between. */
import { LANGUAGES, type LanguageRow } from '../languages.ts';
import type { FlatNode } from '../syntax.ts';
import type { LoneFunction } from './parse-alone.ts';
import { REWRITE_ROWS } from './rows.ts';

export interface Statement {
  readonly node: FlatNode;
  /** Index of the block that it stands in. */
  readonly block: number;
  readonly text: string;
  /** White space before it on its line. */
  readonly indent: string;
  readonly lineStart: number;
  /** Behind it, comments apart, the line goes on: then it cannot be moved. */
  readonly endsLine: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** In the order of the text. Statements behind others on their line, labels and cases are left out. */
export function statementsOf({ code, language, nodes }: LoneFunction): Statement[] {
  const { blocks } = REWRITE_ROWS[language];
  const { comments }: LanguageRow = LANGUAGES[language];
  const byBlock = new Map<number, FlatNode[]>();
  for (const node of nodes) {
    if (node.parent < 0 || !node.isNamed || comments.includes(node.kind)) continue;
    if (!blocks.includes(nodes[node.parent]!.kind)) continue;
    const known = byBlock.get(node.parent);
    if (known === undefined) byBlock.set(node.parent, [node]);
    else known.push(node);
  }
  const found: Statement[] = [];
  for (const [block, children] of byBlock) {
    for (const [i, node] of children.entries()) {
      if (/case|default|label/.test(node.kind)) continue;
      const lineStart = code.lastIndexOf('\n', node.start - 1) + 1;
      const indent = code.slice(lineStart, node.start);
      if (lineStart === 0 || !/^[ \t]*$/.test(indent)) continue;
      found.push({
        node,
        block,
        text: code.slice(node.start, node.end),
        indent,
        lineStart,
        endsLine: /^[ \t]*;?[ \t]*\r?(?:\n|$)/.test(code.slice(node.end, node.end + 200)),
        isFirst: i === 0,
        isLast: i === children.length - 1,
      });
    }
  }
  return found.sort((a, b) => a.node.start - b.node.start);
}

export const lineEndOf = (code: string): string => (code.includes('\r\n') ? '\r\n' : '\n');
