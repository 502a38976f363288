/**
 * @file C and C++ for the extractor. The name stands inside declarators (`int *(*f(int))[3]`), with its owner before
 * it (`Buffer::~Buffer`), and may be a macro's argument.
 */
import {
  boundLambda,
  COMMON,
  childOfKind,
  isComment,
  type LanguageRow,
  listOf,
  namedScope,
} from '../language-row.ts';
import type { Binding, Scope, SyntaxNode } from '../syntax.ts';

const C_FAMILY: Omit<LanguageRow, 'grammar' | 'recordLanguage' | 'extensions' | 'functions'> = {
  ...COMMON,
  verbatim: ['string_literal', 'char_literal', 'system_lib_string'],
  separator: '::',
  hasMacros: true,
  wrappers: [
    ['', '\n'],
    ['class _ {', '\n};'],
    ['template <class _> ', '\n'],
    ['auto _ = ', '\n;'],
    // The return type on a line of its own, left behind.
    ['int ', '\n'],
  ],
  naming: nameOfFunction,
  body: (node) => node.field('body') ?? childOfKind(node, 'try_statement'),
  parameters: (node) => listOf(functionDeclarator(node)?.field('parameters')),
  parameterType,
  qualifiers: (node) => {
    const declarator = functionDeclarator(node);
    const after = declarator
      ?.children()
      .filter((child) => /^(type_qualifier|ref_qualifier)$/.test(child.kind));
    return (after ?? []).map((child) => ` ${child.text()}`).join('');
  },
};

export const c: LanguageRow = {
  ...C_FAMILY,
  grammar: '@cursorless/tree-sitter-wasms/out/tree-sitter-c.wasm',
  recordLanguage: 'c',
  extensions: ['.c', '.h'],
  functions: ['function_definition'],
  wrappers: [
    ['', '\n'],
    ['int ', '\n'],
  ],
};

export const cpp: LanguageRow = {
  ...C_FAMILY,
  grammar: '@vscode/tree-sitter-wasm/wasm/tree-sitter-cpp.wasm',
  recordLanguage: 'cpp',
  extensions: [
    '.cc',
    '.cpp',
    '.cxx',
    '.c++',
    '.hh',
    '.hpp',
    '.hxx',
    '.h++',
    '.inl',
    '.ipp',
    '.tcc',
    '.cu',
    '.cuh',
  ],
  functions: ['function_definition', 'lambda_expression'],
  closures: ['lambda_expression'],
  takers: ['call_expression'],
  scopes: ['namespace_definition', 'class_specifier', 'struct_specifier', 'union_specifier'],
  verbatim: [...C_FAMILY.verbatim, 'raw_string_literal'],
  scope: (node) => {
    if (node.field('body') === undefined) return undefined;
    return namedScope(node, node.kind !== 'namespace_definition');
  },
  whole: (node) => {
    let whole = node;
    for (let parent = node.parent(); parent?.kind === 'template_declaration'; parent = parent.parent()) {
      whole = parent;
    }
    return whole;
  },
};

function nameOfFunction(node: SyntaxNode, owner: Scope | undefined): Binding | undefined {
  if (node.kind === 'lambda_expression') {
    return boundLambda(node, { init_declarator: 'declarator', assignment_expression: 'left' });
  }
  const declarator = functionDeclarator(node);
  if (declarator?.kind === 'operator_cast') return nameOfCast(node, declarator, owner);
  const named = declarator?.field('declarator');
  const path = nameText(named);
  if (path === undefined || path === '') return undefined;
  let last = named;
  while (last?.kind === 'qualified_identifier') last = last.field('name');
  const name = nameText(last) ?? path;
  const isQualified = named?.kind === 'qualified_identifier';
  const holder = isQualified ? path.split('::').at(-2)?.replace(/<.*/, '') : owner?.name;
  if (name === holder) return { name, path, kind: 'constructor' };
  return { name, path, kind: isQualified || owner?.isType === true ? 'method' : 'function' };
}

/** `operator bool() const`: the type is the name. */
function nameOfCast(node: SyntaxNode, cast: SyntaxNode, owner: Scope | undefined): Binding {
  const name = `operator ${cast.field('type')?.text() ?? ''}`;
  const scope = nameText(node.field('declarator')?.field('scope'));
  const isMethod = scope !== undefined || owner?.isType === true;
  return {
    name,
    path: scope === undefined ? name : `${scope}::${name}`,
    kind: isMethod ? 'method' : 'function',
  };
}

function nameText(node: SyntaxNode | undefined): string | undefined {
  return node
    ?.text()
    .replace(/\s+/g, ' ')
    .replace(/\s*::\s*/g, '::')
    .slice(0, 200);
}

/** The innermost declarator with parameters: `*f(int)`, `(*f(int))(char)`, `&f() const`. */
function functionDeclarator(node: SyntaxNode): SyntaxNode | undefined {
  let found: SyntaxNode | undefined;
  let at = node.field('declarator');
  for (let depth = 0; at !== undefined && depth < 100; depth++) {
    if (at.kind === 'function_declarator' || at.kind === 'lambda_declarator') found = at;
    if (at.kind === 'abstract_function_declarator') found = at;
    if (at.kind === 'operator_cast') {
      const inner = at.field('declarator');
      return inner === undefined ? at : castWithParameters(at, inner);
    }
    if (at.kind === 'qualified_identifier') {
      const name: SyntaxNode | undefined = at.field('name');
      if (name?.kind !== 'operator_cast') break;
      return castWithParameters(name, name.field('declarator'));
    }
    at = at.field('declarator') ?? innerDeclarator(at);
  }
  return found;
}

/** `operator bool() const` as one declarator: its parameters are those of the declarator inside. */
function castWithParameters(cast: SyntaxNode, inner: SyntaxNode | undefined): SyntaxNode {
  return {
    ...cast,
    field: (name) => (name === 'parameters' ? inner?.field('parameters') : cast.field(name)),
    children: () => inner?.children() ?? [],
  };
}

function innerDeclarator(node: SyntaxNode): SyntaxNode | undefined {
  if (!/^(parenthesized|reference|attributed)_declarator$/.test(node.kind)) return undefined;
  return node.children().findLast((child) => /declarator$|identifier$|_name$/.test(child.kind));
}

function parameterType(parameter: SyntaxNode): string | undefined {
  if (isComment(parameter)) return undefined;
  const { start } = parameter.range();
  let name = parameter.field('declarator');
  for (let depth = 0; name !== undefined && depth < 100; depth++) {
    const inner: SyntaxNode | undefined = name.field('declarator') ?? innerDeclarator(name);
    if (inner === undefined) break;
    name = inner;
  }
  const value = parameter.field('default_value')?.range().start;
  const text = parameter.text().slice(0, value === undefined ? undefined : value - start);
  if (name === undefined || !name.kind.endsWith('identifier')) return withoutDefault(text);
  const range = name.range();
  return withoutDefault(text.slice(0, range.start - start) + text.slice(range.end - start));
}

function withoutDefault(text: string): string | undefined {
  const trimmed = text.trim();
  const type = trimmed.endsWith('=') ? trimmed.slice(0, -1).trimEnd() : trimmed;
  return type === 'void' ? undefined : type;
}
