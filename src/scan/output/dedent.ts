/** @file Where a function stands in its file does not matter to who reads it alone. */

/**
 * A function's text begins at `startColumn` (1-based), behind its first line's indentation: the other lines lose what they
 * have in common, but no more than the first one did. The body of a Python function has no line that is as far left.
 */
export function dedent(code: string, startColumn: number): string {
  const [first = '', ...others] = code.split('\n');
  const indents = others.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)![0].length);
  const common = indents.length === 0 ? 0 : Math.min(startColumn - 1, ...indents);
  return [first, ...others.map((line) => line.slice(Math.min(common, line.length)))].join('\n');
}
