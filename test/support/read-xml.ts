/** @file A strict reader of the XML that we write: elements, attributes, text. What it does not know is not well-formed here. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const TOKEN = /<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** The document's one element. Throws where it is not well-formed. */
export function readXml(text: string): XmlElement {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!text.startsWith(declaration)) throw new Error('no declaration');
  // What XML 1.0 cannot hold, escaped or not.
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) throw new Error('a character');
  const root = { name: '', attributes: {}, children: [] as XmlElement[], text: '' };
  const stack = [root];
  let end = declaration.length;
  TOKEN.lastIndex = end;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    end = TOKEN.lastIndex;
    const [, closed, opened, attributes = '', selfClosed, between] = match;
    const around = stack.at(-1)!;
    if (closed !== undefined) {
      if (around.name !== closed) throw new Error(`</${closed}> in <${around.name}>`);
      stack.pop();
    } else if (opened !== undefined) {
      const made = { name: opened, attributes: attributesOf(attributes), children: [], text: '' };
      around.children.push(made);
      if (selfClosed === '') stack.push(made);
    } else around.text += unescaped(between!);
  }
  if (end !== text.length || stack.length !== 1 || root.children.length !== 1)
    throw new Error(`not well-formed at ${end}`);
  return root.children[0]!;
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(
    ([, name, value]) => [name!, unescaped(value!)] as const,
  );
  if (new Set(found.map(([name]) => name)).size !== found.length) throw new Error('an attribute twice');
  return Object.fromEntries(found);
}

function unescaped(text: string): string {
  return text.replace(/&(\w*);?/g, (whole, name: string) => {
    const character = ENTITIES[name];
    if (character === undefined || !whole.endsWith(';')) throw new Error(`entity ${whole}`);
    return character;
  });
}
