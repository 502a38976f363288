/** @file What a language is to the rewrites: where its names are declared, what its statements stand in, how harmless code is written. */

export interface RewriteRow {
  readonly names: NameRules;
  /** Nodes whose named children are statements. */
  readonly blocks: readonly string[];
  /** What a comment of one line begins with. */
  readonly comment: '//' | '#';
  /** Whether names of several words have underscores where the function does not show. */
  readonly isSnakeCase?: boolean;
  /** Text in which no function is rewritten at all: lines of a preprocessor, a heredoc, the end of PHP. */
  readonly refused?: RegExp;
  /** A branch that is never taken, its lines without indentation. */
  readonly deadBranch: readonly string[];
  /** A variable that is declared and not used; undefined where a compiler refuses one. */
  readonly unusedLocal: ((name: string) => string) | undefined;
  /** A whole declaration of one name by a literal. Its first group is the name. */
  readonly literalDeclaration: RegExp;
  /** Whether the last statement of a block is its value, whatever it is. */
  readonly lastIsValue?: boolean;
}

/**
 * Places are written as `kind` (the parent's, whatever the field), `kind.field`, `kind/kind.field` (of the parent's parent too),
 * `kind#n` (the n-th named child, from 0) or `kind[token]` (a parent with such a token). A name is changed where all of its occurrences are
 * surely of a local variable: what no rule mentions is left as it is.
 */
export interface NameRules {
  /** Kinds of tokens that may be a variable. */
  readonly leaves: readonly string[];
  /** The only parent of such a token that makes it a variable; undefined where any may be. */
  readonly leafParent?: string;
  /** Kinds of tokens of other name spaces: fields, labels. */
  readonly otherLeaves: readonly string[];
  /** Places where such a token is something else, and left alone. */
  readonly others: readonly string[];
  /** Places between a declared token and its declaration. */
  readonly patterns: readonly string[];
  /** Places where a variable is declared. */
  readonly declares: readonly string[];
  /** Kinds of nodes that a declaration holds in: the nearest around it. */
  readonly scopes: readonly string[];
  /** Kinds of declarations that hold in the function around them. */
  readonly functionScoped?: readonly string[];
  /** Where only the body of a scope is one: what stands in its head is read outside of it. */
  readonly bodyOnly?: boolean;
  /** From where on a declaration holds in its scope: everywhere, behind its name, behind all of it. */
  readonly from: 'scope' | 'name' | 'end';
  /** Places of such a token itself where its name keeps. */
  readonly blockers?: readonly string[];
  /** Nodes or places in which a name keeps: macros, class bodies, parameters that callers may name. */
  readonly opaque: readonly string[];
  /** A declaration whose text has this keeps its names. */
  readonly keptDeclaration?: RegExp;
  /** A function whose text has this keeps all of its names: code that reads names at run time. */
  readonly unsafe?: RegExp;
}

const NUMBER = String.raw`-?\d[\w.]*`;
const TEXT = String.raw`"[^"\\\n$#{]*"|'[^'\\\n$#{]*'`;

/** `^before(name)between literal after$`. */
export function declarationOf(before: string, between: string, after: string, words: string): RegExp {
  return new RegExp(String.raw`^${before}([A-Za-z_]\w*)${between}\s*(?:${NUMBER}|${TEXT}|${words})${after}$`);
}
