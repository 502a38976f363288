/**
 * @file YAML text → a plain value, or what is wrong with it. Aliases work, but not without end; tags and keys beyond those
 * of JSON are refused, because a value of a configuration is a string, a number, a boolean, null, a list or a map.
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  type LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

export interface YamlFault {
  readonly message: string;
  /** Where in the text, if it is known. */
  readonly offset?: number | undefined;
}

export interface ReadYaml {
  /** Undefined where the text was not parsed at all. */
  readonly document: Document.Parsed | undefined;
  /** Undefined where there are faults. */
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
}

/** Deeper than any configuration; the parser calls itself for each level. */
const DEEPEST = 100;
/** Values that aliases may stand for, all together. */
const MOST_ALIASED = 100;

/** Throws nothing, whatever the text. */
export function readYaml(text: string, lineCounter?: LineCounter): ReadYaml {
  const fail = (faults: readonly YamlFault[], document?: Document.Parsed): ReadYaml => ({
    document,
    value: undefined,
    faults,
  });
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      prettyErrors: false,
      logLevel: 'error',
      ...(lineCounter === undefined ? {} : { lineCounter }),
    });
  } catch (error) {
    return fail([{ message: inWords(error instanceof Error ? error.message : String(error)) }]);
  }
  const errors = [...document.errors, ...document.warnings];
  const syntax = errors.map(({ message, pos }): YamlFault => ({ message: inWords(message), offset: pos[0] }));
  if (syntax.length > 0) return fail(syntax, document);
  const refused = refusals(document);
  if (refused.length > 0) return fail(refused, document);
  try {
    return { document, value: document.toJS({ maxAliasCount: MOST_ALIASED }), faults: [] };
  } catch (error) {
    return fail([{ message: error instanceof Error ? error.message : String(error) }], document);
  }
}

const CORE_TAGS = new Set(
  ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((name) => `tag:yaml.org,2002:${name}`),
);

function refusals(document: Document.Parsed): YamlFault[] {
  const faults: YamlFault[] = [];
  const anchors = new Map<string, Node>();
  visit(document, {
    Node: (_key, node, path) => {
      const offset = node.range?.[0];
      const say = (message: string) => void faults.push({ message, offset });
      if (path.length > 2 * DEEPEST) {
        say(`nested more than ${DEEPEST} deep`);
        return visit.BREAK;
      }
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target === undefined)
          say(`the alias *${node.source} has no anchor: &${node.source} does not come before it`);
        else if (path.includes(target)) say(`the alias *${node.source} stands for a value that holds it`);
        return undefined;
      }
      if (node.tag !== undefined && !CORE_TAGS.has(node.tag)) say(`the tag ${node.tag} is not known here`);
      if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.set(node.anchor, node);
      if (isMap(node)) {
        const odd = node.items.find(({ key }) => !isScalar(key) || key.value === null);
        const key = odd?.key;
        if (odd !== undefined) {
          faults.push({ message: 'a key is a name', offset: isNode(key) ? key.range?.[0] : offset });
        }
      }
      return undefined;
    },
  });
  return faults;
}

/** The parser's own words, but for those about its own stack. */
function inWords(message: string): string {
  return message.includes('call stack') ? `nested more than ${DEEPEST} deep` : message;
}
