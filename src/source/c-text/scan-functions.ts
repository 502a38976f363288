/**
 * @file The functions of a C or C++ text by its brackets alone: what is left when a grammar gives up. Where branches of a
 * conditional open or close different brackets inside a function, one branch counts; beside functions all do.
 */
import { type FunctionHead, isOldStyle, readHead } from './head-of-function.ts';
import { type LexedSource, lexC, type Token } from './lex-c.ts';

export interface ScannedFunction {
  readonly head: FunctionHead;
  /** Named scopes around it, outermost first. */
  readonly scopes: readonly Scope[];
  readonly open: Token;
  readonly close: Token;
}

export interface LostBlock {
  readonly start: Token;
  readonly open: Token;
  readonly end: Token;
}

export interface Scope {
  readonly name: string;
  readonly isType: boolean;
}

export interface ScannedSource {
  /** In the order of the source; none stands in another. */
  readonly functions: readonly ScannedFunction[];
  /** What begins like a function or a statement and has no end, or is neither. */
  readonly lost: readonly LostBlock[];
  readonly spans: LexedSource['spans'];
  /** Tokens looked at, for tests of the work's growth. */
  readonly steps: number;
}

/** Anything longer is not a head, and would be read again at each `;`. */
const LONGEST_OLD_STYLE_HEAD = 400;
/** Tokens are read again where a function turns out to have ended earlier. */
const MOST_READINGS = 4;

export function scanFunctions(source: string, isCpp: boolean): ScannedSource {
  const scan = new Scan(source, isCpp);
  scan.run();
  return scan;
}

interface Block {
  /** Undefined: no function (a type, an initialiser, a stray block). */
  readonly head: FunctionHead | undefined;
  readonly isLost: boolean;
  readonly start: Token;
  readonly open: Token;
  depth: number;
  hasConditional: boolean;
  /** The first `}` that may be its end by the layout: its index among the tokens. */
  likelyEnd: number | undefined;
}

interface Conditional {
  readonly condition: string;
  readonly depth: number;
  readonly headLength: number;
  readonly headFirst: Token | undefined;
  isLive: boolean;
  wasLive: boolean;
}

class Scan implements ScannedSource {
  readonly functions: ScannedFunction[] = [];
  readonly lost: LostBlock[] = [];
  readonly spans: LexedSource['spans'];
  steps = 0;
  readonly #source: string;
  readonly #isCpp: boolean;
  readonly #tokens: readonly Token[];
  #at = 0;
  #head: Token[] = [];
  /** Brackets of any kind that are open in the head. */
  #headDepth = 0;
  /** The head has a list and after it a `:`, as a constructor with initialisers. */
  #hasInitialisers = false;
  #scopes: Scope[] = [];
  #block: Block | undefined;
  #conditionals: Conditional[] = [];
  /** What conditions were taken to be in the function that is open. */
  #assumed = new Map<string, boolean>();

  constructor(source: string, isCpp: boolean) {
    this.#source = source;
    this.#isCpp = isCpp;
    const { tokens, spans } = lexC(source);
    this.#tokens = tokens;
    this.spans = spans;
  }

  run(): void {
    const most = MOST_READINGS * this.#tokens.length;
    for (;;) {
      while (this.#at < this.#tokens.length && this.steps < most) this.#step(this.#tokens[this.#at++]!);
      const block = this.#block;
      if (block === undefined) return;
      if (block.likelyEnd === undefined || this.steps >= most) {
        this.#lose(block, this.#tokens.at(-1)!);
        return;
      }
      this.#endAt(block.likelyEnd);
    }
  }

  #step(token: Token): void {
    this.steps++;
    if (token.kind === 'if') this.#openConditional(token);
    else if (token.kind === 'else') this.#nextBranch(token);
    else if (token.kind === 'endif') this.#conditionals.pop();
    else if (this.#conditionals.at(-1)?.isLive === false) return;
    else if (this.#block === undefined) this.#stepOutside(token);
    else this.#stepInside(token, this.#block);
  }

  // Outside of functions: a head grows until a brace or a `;`.

  #stepOutside(token: Token): void {
    const { text } = token;
    if (text === '{' && this.#headDepth > 0 && token.isFirstOnLine && token.indent === 0) this.#cutHead();
    const isTopLevel = this.#headDepth === 0;
    if (isTopLevel && text === '{' && !this.#isInitialiser()) this.#openBrace(token);
    else if (isTopLevel && text === '}') this.#closeScope();
    else if (isTopLevel && text === ';') this.#endStatement(token);
    else if (isTopLevel && text === ':' && this.#isLabel()) this.#resetHead();
    else this.#growHead(token);
  }

  #growHead(token: Token): void {
    const { text } = token;
    if (/^[([{]$/.test(text)) this.#headDepth++;
    else if (/^[)\]}]$/.test(text)) this.#headDepth = Math.max(0, this.#headDepth - 1);
    else if (this.#isCpp && text === ':' && this.#headDepth === 0) this.#noteColon();
    this.#head.push(token);
  }

  /** `public:`, `Q_SLOTS:` */
  #isLabel(): boolean {
    const [first] = this.#head;
    return (
      this.#head.length <= 2 &&
      first !== undefined &&
      /^(?:public|private|protected|signals|Q_SIGNALS)$/.test(first.text)
    );
  }

  #noteColon(): void {
    const last = this.#head.at(-1)?.text;
    const isSecond = last === ':';
    this.#hasInitialisers =
      !isSecond && (this.#hasInitialisers || this.#head.some(({ text }) => text === ')'));
  }

  /** `a{1}` in `K() : a{1} {`. */
  #isInitialiser(): boolean {
    const last = this.#head.at(-1);
    return this.#hasInitialisers && (last?.kind === 'word' || last?.text === '>');
  }

  #endStatement(token: Token): void {
    const head = this.#head;
    if (!this.#isCpp && head.length > 3 && head.length < LONGEST_OLD_STYLE_HEAD && isOldStyle(head))
      head.push(token);
    else this.#resetHead();
  }

  /** Brackets of something before are open for good: the head is what begins in the first column. */
  #cutHead(): void {
    const from = this.#head.findLastIndex(
      ({ kind, isFirstOnLine, indent }) => kind === 'word' && isFirstOnLine && indent === 0,
    );
    this.#head = from < 0 ? [] : this.#head.slice(from);
    this.#headDepth = 0;
  }

  #openBrace(open: Token): void {
    const head = this.#head;
    const meaning = readHead(head, this.#source, this.#isCpp);
    this.#resetHead();
    if (typeof meaning === 'object' && 'scope' in meaning) {
      this.#scopes.push({ name: meaning.scope, isType: meaning.isType });
      return;
    }
    const isFunction = typeof meaning === 'object';
    this.#assumed = new Map();
    this.#block = {
      head: isFunction ? meaning : undefined,
      isLost: meaning === 'lost',
      start: isFunction ? meaning.start : (head[0] ?? open),
      open,
      depth: 1,
      hasConditional: false,
      likelyEnd: undefined,
    };
  }

  #closeScope(): void {
    this.#scopes.pop();
    this.#resetHead();
  }

  #resetHead(): void {
    this.#head = [];
    this.#headDepth = 0;
    this.#hasInitialisers = false;
  }

  // Inside: only braces count.

  #stepInside(token: Token, block: Block): void {
    if (token.text === '{') {
      if (this.#beginsFunction(token, block)) return;
      block.depth++;
    } else if (token.text === '}') {
      block.depth--;
      if (block.depth <= 0 && !this.#isInsideByLayout(token, block)) {
        this.#close(token);
        return;
      }
      const outer = Math.min(block.start.indent, block.open.indent);
      const isOutmost = token.isFirstOnLine && token.indent <= outer;
      if (isOutmost || block.depth <= 0) block.likelyEnd ??= this.#at - 1;
      block.depth = Math.max(1, block.depth);
    }
  }

  /** After branches of a conditional: a last `}` that is indented, with more that is indented after it. */
  #isInsideByLayout(brace: Token, block: Block): boolean {
    const outer = Math.max(block.start.indent, block.open.indent);
    if (!block.hasConditional || !brace.isFirstOnLine || brace.indent <= outer) return false;
    let next = this.#at;
    while (/^(?:if|else|endif)$/.test(this.#tokens[next]?.kind ?? '') && next < this.#at + 20) next++;
    const after = this.#tokens[next];
    return after !== undefined && after.indent > outer;
  }

  #close(token: Token): void {
    const block = this.#block!;
    this.#block = undefined;
    if (block.head !== undefined) {
      const scopes = this.#scopes.filter(({ name }) => name !== '');
      this.functions.push({ head: block.head, scopes, open: block.open, close: token });
    } else if (block.isLost) this.#lose(block, token);
  }

  #lose({ start, open }: Block, end: Token): void {
    this.#block = undefined;
    this.lost.push({ start, open, end });
  }

  /**
   * Whether a brace that stands in a function opens the body of the next: both heads begin in the first column, so the
   * brackets of the one that is open do not match. It ends where the layout says.
   */
  #beginsFunction(brace: Token, block: Block): boolean {
    if (brace.indent > 0 || block.start.indent > 0 || this.#scopes.length > 0) return false;
    const from = this.#startOfHeadBefore(this.#at - 1);
    if (from === undefined) return false;
    const head = this.#tokens
      .slice(from, this.#at - 1)
      .filter(({ kind }) => kind === 'word' || kind === 'mark' || kind === 'literal');
    const meaning = readHead(head, this.#source, this.#isCpp);
    if (typeof meaning !== 'object' || 'scope' in meaning) return false;
    if (block.likelyEnd !== undefined && block.likelyEnd < from) this.#endAt(block.likelyEnd);
    else {
      this.#lose(block, this.#tokens[from - 1]!);
      this.#jumpTo(from);
    }
    return true;
  }

  /** The first token of the lines that end in `)` before a brace, from one in the first column on. */
  #startOfHeadBefore(brace: number): number | undefined {
    if (this.#tokens[brace - 1]?.text !== ')') return undefined;
    let from: number | undefined;
    for (let i = brace - 1; i >= 0 && i > brace - 100; i--) {
      const { text, kind, isFirstOnLine, indent } = this.#tokens[i]!;
      if (/^[;{}]$/.test(text) || kind === 'if' || kind === 'else' || kind === 'endif') break;
      if (isFirstOnLine && indent === 0 && kind === 'word') from = i;
      else if (isFirstOnLine && indent === 0 && text === '}') break;
    }
    return from;
  }

  #endAt(index: number): void {
    this.#close(this.#tokens[index]!);
    this.#jumpTo(index + 1);
  }

  /** Goes on after a function that ended earlier than its brackets say; conditionals opened in it are forgotten. */
  #jumpTo(index: number): void {
    this.#at = index;
    this.#conditionals = [];
    this.#resetHead();
  }

  // Conditionals.

  #openConditional({ text: condition }: Token): void {
    const isInside = this.#block !== undefined || this.#head.length > 0;
    const outer = this.#conditionals.at(-1)?.isLive ?? true;
    const isTrue = condition !== '0' && (!isInside || !outer || this.#assume(condition));
    if (this.#block !== undefined) this.#block.hasConditional = true;
    this.#conditionals.push({
      condition,
      depth: this.#block?.depth ?? 0,
      headLength: this.#head.length,
      headFirst: this.#head[0],
      isLive: outer && isTrue,
      wasLive: !outer || isTrue,
    });
  }

  #nextBranch(token: Token): void {
    const conditional = this.#conditionals.at(-1);
    if (conditional === undefined) return;
    const isBeside =
      this.#block === undefined &&
      conditional.depth === 0 &&
      (this.#head.length === 0 ||
        (this.#head.length === conditional.headLength && this.#head[0] === conditional.headFirst));
    const outer = this.#conditionals.at(-2)?.isLive ?? true;
    conditional.isLive = outer && (isBeside || !conditional.wasLive) && token.text !== '0';
    conditional.wasLive ||= conditional.isLive;
  }

  /** The same condition is the same all through a function: the brace under one `#ifdef A` is closed under another. */
  #assume(condition: string): boolean {
    const isNegated = /^!(?:defined\(\w+\)|\w+)$/.test(condition);
    const key = isNegated ? condition.slice(1) : condition;
    const known = this.#assumed.get(key);
    if (known !== undefined) return known !== isNegated;
    this.#assumed.set(key, !isNegated);
    return true;
  }
}
