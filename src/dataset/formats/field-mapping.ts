/**
 * @file What a user says of a table of unknown make: which of its columns is which field of a record, and which words
 * mean vulnerable.
 */
import { VultuneError } from '../../base/errors.ts';

export interface FieldMapping {
  /** Record field → column: `code` → `func_before`. */
  readonly fields: ReadonlyMap<string, string>;
  /** Target values that mean vulnerable and safe, beside those that speak for themselves. Compared in lower case. */
  readonly vulnerable: ReadonlySet<string>;
  readonly safe: ReadonlySet<string>;
}

/** Record field → column. */
export type Columns = Readonly<Record<string, string>>;

/** A mapping of fields to columns alone. */
export const mappingOfFields = (fields: Columns): FieldMapping => ({
  ...NO_MAPPING,
  fields: new Map(Object.entries(fields)),
});

export const NO_MAPPING: FieldMapping = { fields: new Map(), vulnerable: new Set(), safe: new Set() };

/**
 * A mapping out of `code=func_before` and the like.
 * @throws VultuneError `FIELD_MAPPING` for what is not `name=column`, or names a field twice.
 */
export function parseFieldMapping(
  fields: readonly string[],
  values: { readonly vulnerable?: readonly string[]; readonly safe?: readonly string[] } = {},
): FieldMapping {
  const mapping = new Map<string, string>();
  for (const text of fields) {
    const at = text.indexOf('=');
    const [field, column] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    if (at < 1 || field === '' || column === '') {
      throw new VultuneError('FIELD_MAPPING', `found --field ${text}, expected FIELD=COLUMN`, {
        hint: 'for example --field code=func_before --field target=vul',
      });
    }
    if (mapping.has(field)) {
      throw new VultuneError('FIELD_MAPPING', `--field names "${field}" twice`, {
        hint: 'give each field of the record one column',
      });
    }
    mapping.set(field, column);
  }
  const lower = (words: readonly string[] = []) => new Set(words.map((word) => word.trim().toLowerCase()));
  return { fields: mapping, vulnerable: lower(values.vulnerable), safe: lower(values.safe) };
}
