/**
 * @file Whole numbers that a JSON text writes as floats (`2.0`), kept so when it is written again: JavaScript does not tell them from
 * `2`, and Transformers refuses a whole number where a field of a configuration is a float.
 */

/** Fields with such a number, wherever they stand. Linear in the length of the text. */
export function floatFields(text: string): ReadonlySet<string> {
  const fields = /"([^"\\]{1,200})"\s{0,20}:\s{0,20}(-?\d[\d.eE+-]{0,40})/g;
  const names = [...text.matchAll(fields)].flatMap(([, name, number]) =>
    /[.eE]/.test(number!) && Number.isInteger(Number(number)) ? [name!] : [],
  );
  return new Set(names);
}

const MARK = '\u0000float ';

/** JSON with two spaces a level. */
export function formatJson(value: unknown, floats: ReadonlySet<string>): string {
  const marked = JSON.stringify(
    value,
    (key, one) => (floats.has(key) && Number.isSafeInteger(one) ? `${MARK}${one}` : one),
    2,
  );
  return `${marked.replaceAll(/"\\u0000float (-?\d+)"/g, '$1.0')}\n`;
}
