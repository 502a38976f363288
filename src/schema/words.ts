/**
 * @file A value and a schema in words, for errors and lists of keys: what was found, what was expected. Derived
 * from the JSON Schema, so no key says its type twice.
 */

/** The part of JSON Schema that our keys use. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: JsonSchema | false;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** `the string "abc"`, `the number 0.5`, `a list of 3 values`. */
export function describeFound(value: unknown): string {
  if (value === undefined || value === null) return 'nothing (null)';
  if (typeof value === 'string')
    return value === '' ? 'an empty string' : `the string ${JSON.stringify(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value))
    return value.length === 1 ? 'a list of 1 value' : `a list of ${value.length} values`;
  if (typeof value === 'object') return `a map of ${Object.keys(value).join(', ') || 'nothing'}`;
  return JSON.stringify(value);
}

/** `an integer >= 1`, `cosine, linear or constant`, `a list of names`; `..., or null` where null may stand for it. */
export function describeExpected(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) {
    const others = schema.anyOf.filter(({ type }) => type !== 'null').map(branch);
    return `${orList(others)}${others.length < schema.anyOf.length ? ', or null' : ''}`;
  }
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return orList(schema.enum);
  const { type = 'string' } = schema;
  switch (type) {
    case 'integer':
      return `an integer${bounds(schema)}`;
    case 'number':
      return `a number${bounds(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return describeList(schema);
    case 'object':
      return `a map of ${Object.keys(schema.properties ?? {}).join(', ') || 'names to values'}`;
    default:
      return 'a string';
  }
}

/** A branch with a description of its own (a pattern) is best described by that. */
const branch = (schema: JsonSchema) => schema.description ?? describeExpected(schema);

/** The schema of `path` below `schema`, as deep as it goes. */
export function schemaAt(schema: JsonSchema, path: readonly (string | number)[]): JsonSchema {
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  const below =
    typeof head === 'string'
      ? (schema.properties?.[head] ?? valueOfRecord(schema))
      : (schema.prefixItems?.[head] ?? (schema.items === false ? undefined : schema.items));
  if (below !== undefined) return schemaAt(below, rest);
  // Into the branch that has such a place: the list of "a list, or null".
  const deeper = schema.anyOf
    ?.map((one) => ({ one, found: schemaAt(one, path) }))
    .find(({ one, found }) => found !== one);
  return deeper?.found ?? schema;
}

function valueOfRecord({ additionalProperties: value }: JsonSchema): JsonSchema | undefined {
  return typeof value === 'object' ? value : undefined;
}

function describeList(schema: JsonSchema): string {
  const first = schema.prefixItems?.[0];
  if (first !== undefined)
    return `a list of ${schema.prefixItems?.length} values, each ${describeExpected(first)}`;
  if (!schema.items) return 'a list';
  return schema.items.type === 'string'
    ? 'a list of names'
    : `a list, each ${describeExpected(schema.items)}`;
}

function bounds(schema: JsonSchema): string {
  const { minimum: least, maximum: most, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined && below !== undefined) return ` from ${least} to below ${below}`;
  if (above !== undefined && below !== undefined) return ` above ${above} and below ${below}`;
  if (least !== undefined) return ` >= ${least}`;
  if (above !== undefined) return ` > ${above}`;
  return '';
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
