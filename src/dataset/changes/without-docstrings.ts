/**
 * @file Python functions without their docstrings. A docstring is text for readers that stands as a string: changing it
 * changes nothing that the function does. Other languages write such text as comments.
 */

/** A header that ends its line, and the string that is its first statement, with the line end behind it. */
const DOCSTRING =
  /^([ \t]*(?:async[ \t]+def|def|class)\b[^\n"'#]*(?:\n[^\n"'#]*){0,40}?:[ \t]*\n(?:[ \t]*\n)*)[ \t]*[rRuU]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')[ \t]*(?=\n|$)/gm;

/** The text as it is in every language but Python. A header with a string in it, such as a default value, keeps its docstring. */
export function withoutDocstrings(code: string, language: string): string {
  return language === 'python' ? code.replace(DOCSTRING, '$1') : code;
}
