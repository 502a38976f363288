/**
 * @file C and C++ text → tokens, conditional directives among them, in one pass whose work grows with the text alone.
 * Comments and literals are spans beside the tokens. Finding functions, and choosing the branch of a conditional, is left to the caller.
 */
import type { TextSpan } from '../normalise-text.ts';

export type TokenKind = 'word' | 'literal' | 'mark' | 'if' | 'else' | 'endif';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** A word or mark as written; a directive's condition without white space (`!defined(A)` for `#ifndef A`). */
  readonly text: string;
  readonly line: number;
  /** Columns before the first token of its line. */
  readonly indent: number;
  readonly isFirstOnLine: boolean;
  /** What stands between it and the token before, if more than comments. */
  readonly gap: 'empty line' | 'directive' | undefined;
}

export interface LexedSource {
  readonly tokens: readonly Token[];
  readonly spans: readonly TextSpan[];
}

const SPACE = /[^\S\n]+/y;
const WORD = /[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\.?\d(?:[eEpP][+-]|'(?=\w)|[\w.])*/y;
const RAW_LITERAL = /"([^()\\\s"]{0,16})\(/y;
const CONDITIONAL = /^#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b([\s\S]*)/;

export function lexC(source: string): LexedSource {
  const lexer = new Lexer(source);
  lexer.run();
  return lexer;
}

class Lexer implements LexedSource {
  readonly tokens: Token[] = [];
  readonly spans: TextSpan[] = [];
  readonly #source: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #indent = 0;
  #isFirst = true;
  #newlines = 0;
  #gap: Token['gap'];

  constructor(source: string) {
    this.#source = source;
  }

  run(): void {
    while (this.#at < this.#source.length) this.#step();
  }

  #step(): void {
    const source = this.#source;
    const character = source[this.#at]!;
    if (character === '\n') {
      this.#newLine();
      if (++this.#newlines > 1) this.#gap = 'empty line';
    } else if (this.#take(SPACE) !== undefined) return;
    else if (source.startsWith('/*', this.#at)) this.#blockComment();
    else if (source.startsWith('//', this.#at)) {
      this.#span('comment', this.#lineComment());
      this.#newlines = 0;
    } else if (character === '#' && this.#isFirst) this.#directive();
    else if (character === '\\') this.#at++;
    else this.#token(character);
  }

  #token(character: string): void {
    const start = this.#at;
    if (character === '"' || character === "'") {
      const raw = this.#rawLiteral() ?? this.#literal();
      if (raw !== undefined) {
        this.#span('verbatim', raw);
        this.#push('literal', start, '""');
        return;
      }
    }
    const word = this.#take(WORD) ?? this.#take(NUMBER);
    if (word === undefined) this.#at++;
    this.#push(word === undefined ? 'mark' : 'word', start, word ?? character);
  }

  /** `R"x( ... )x"`, its prefix being the word before. */
  #rawLiteral(): string | undefined {
    const before = this.tokens.at(-1);
    if (before?.end !== this.#at || before.kind !== 'word' || !/^(?:u8|[uUL])?R$/.test(before.text))
      return undefined;
    const start = this.#at;
    RAW_LITERAL.lastIndex = start;
    const opening = RAW_LITERAL.exec(this.#source);
    if (opening === null) return undefined;
    const closing = `)${opening[1]}"`;
    const close = this.#source.indexOf(closing, start);
    const end = close < 0 ? this.#source.length : close + closing.length;
    this.#at = end;
    return this.#source.slice(start, end);
  }

  /** A quote that its line leaves open is only a mark: prose in a directive, an unfinished text. */
  #literal(): string | undefined {
    const start = this.#at;
    const quote = this.#source[start];
    if (quote !== '"' && quote !== "'") return undefined;
    const end = this.#endOfLine(start + 1, quote);
    if (this.#source[end] !== quote) return undefined;
    this.#at = end + 1;
    return this.#source.slice(start, this.#at);
  }

  #lineComment(): string {
    const start = this.#at;
    this.#at = this.#endOfLine(start);
    return this.#source.slice(start, this.#at);
  }

  /** Where the first `stop` is, or the end of the line with those it is continued on. */
  #endOfLine(from: number, stop?: string): number {
    const source = this.#source;
    let at = from;
    while (at < source.length && source[at] !== '\n' && source[at] !== stop) {
      at += source[at] !== '\\' ? 1 : source.startsWith('\r\n', at + 1) ? 3 : 2;
    }
    return Math.min(at, source.length);
  }

  #blockComment(): void {
    const close = this.#source.indexOf('*/', this.#at + 2);
    const end = close < 0 ? this.#source.length : close + 2;
    const text = this.#source.slice(this.#at, end);
    this.#at = end;
    this.#span('comment', text);
    this.#newlines = 0;
  }

  /** To the end of its line, of the lines it is continued on and of a comment that begins in it. */
  #directive(): void {
    const start = this.#at;
    const indent = start - this.#lineStart;
    const line = this.#line;
    while (this.#at < this.#source.length && this.#source[this.#at] !== '\n') {
      if (this.#source.startsWith('/*', this.#at)) this.#blockComment();
      else if (this.#source.startsWith('//', this.#at)) this.#span('comment', this.#lineComment());
      else {
        const literal = this.#literal();
        if (literal !== undefined) this.#countLines(literal);
        else if (this.#source[this.#at] === '\\') this.#escape();
        else this.#at++;
      }
    }
    this.#gap ??= 'directive';
    this.#newlines = 0;
    const [, word, rest] =
      CONDITIONAL.exec(this.#source.slice(start, Math.min(this.#at, start + 1000))) ?? [];
    if (word === undefined) return;
    const kind = word === 'endif' ? 'endif' : word.startsWith('el') ? 'else' : 'if';
    const text = conditionOf(word, rest ?? '');
    this.tokens.push({ kind, start, end: this.#at, text, line, indent, isFirstOnLine: true, gap: undefined });
  }

  #escape(): void {
    const text = this.#source.startsWith('\\\r\n', this.#at)
      ? '\\\r\n'
      : this.#source.slice(this.#at, this.#at + 2);
    this.#at += text.length;
    this.#countLines(text);
  }

  #push(kind: TokenKind, start: number, text: string): void {
    if (this.#isFirst) this.#indent = start - this.#lineStart;
    this.tokens.push({
      kind,
      start,
      end: this.#at,
      text,
      line: this.#line,
      indent: this.#indent,
      isFirstOnLine: this.#isFirst,
      gap: this.#gap,
    });
    this.#isFirst = false;
    this.#gap = undefined;
    this.#newlines = 0;
    if (kind === 'literal') this.#countLines(this.#source.slice(start, this.#at));
  }

  #span(role: 'comment' | 'verbatim', text: string): void {
    this.spans.push({ start: this.#at - text.length, end: this.#at, role });
    if (role === 'comment') this.#countLines(text);
  }

  /** Counts the lines of a text that ends here. */
  #countLines(text: string): void {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#line++;
      this.#lineStart = this.#at - text.length + at + 1;
      this.#isFirst = true;
    }
  }

  #newLine(): void {
    this.#at++;
    this.#line++;
    this.#lineStart = this.#at;
    this.#isFirst = true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0];
    this.#at += text?.length ?? 0;
    return text;
  }
}

function conditionOf(directive: string, rest: string): string {
  const text = rest.replace(/\/\*[\s\S]*?\*\/|\/\/.*|\\\r?\n|\s+/g, '');
  if (directive.endsWith('ndef')) return `!defined(${text})`;
  if (directive.endsWith('def')) return `defined(${text})`;
  return text.replace(/defined([A-Za-z_]\w*)/g, 'defined($1)');
}
