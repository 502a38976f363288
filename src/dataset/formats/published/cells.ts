/**
 * @file Cells of published sets as fields of a record: text, labels, CWE and CVE ids, days, languages, splits. Each
 * set writes them its own way. Which set has which column is said in that set's file.
 */

import { LANGUAGES, type Language, languageOfPath } from '../../../source/languages.ts';
import type { Split } from '../../parts.ts';
import type { DatasetRecord, Target } from '../../record.ts';
import { utcDay } from '../../record-date.ts';

/** A text that says something; numbers as text. Python's and pandas' words for nothing are nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || /^(?:none|nan|null|n\/a)$/i.test(text) ? undefined : text;
}

/** A function's text as it is; undefined where there is none. */
export function codeOf(value: unknown): string | undefined {
  return typeof value === 'string' && textOf(value) !== undefined ? value : undefined;
}

const VULNERABLE = new Set([
  '1',
  '1.0',
  'true',
  'yes',
  'vulnerable',
  'vul',
  'vuln',
  'bad',
  'positive',
  'unsafe',
]);
const SAFE = new Set([
  '0',
  '0.0',
  'false',
  'no',
  'not vulnerable',
  'non-vulnerable',
  'nonvulnerable',
  'benign',
  'safe',
  'good',
  'negative',
  'secure',
  'fixed',
]);

/** 1, 0, or undefined for what is not a label. */
export function targetOf(
  value: unknown,
  words: { readonly vulnerable?: ReadonlySet<string>; readonly safe?: ReadonlySet<string> } = {},
): Target | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const word = textOf(value)?.toLowerCase();
  if (word === undefined) return undefined;
  if (words.vulnerable?.has(word) === true) return 1;
  if (words.safe?.has(word) === true) return 0;
  return VULNERABLE.has(word) ? 1 : SAFE.has(word) ? 0 : undefined;
}

/** Ids out of "CWE-79", "cwe-079", ["CWE-79"], "['CWE-79', 'CWE-20']"; "NVD-CWE-Other" names none. */
export function cweOf(value: unknown): readonly string[] | undefined {
  const found = [...JSON.stringify(value ?? '').matchAll(/(?<![A-Z]-)CWE-0*(\d+)/gi)].map(
    (match) => `CWE-${match[1]}`,
  );
  return found.length === 0 ? undefined : [...new Set(found)];
}

/** The first CVE id in a cell. */
export function cveOf(value: unknown): string | undefined {
  return /CVE-\d{4}-\d{4,}/i.exec(JSON.stringify(value ?? ''))?.[0].toUpperCase();
}

/** The UTC day of a date; of a text that goes on in another way, the ISO 8601 day that it begins with. */
export function dayOf(value: unknown): string | undefined {
  const text = (value instanceof Date ? value.toISOString() : textOf(value))?.trim() ?? '';
  return utcDay(text) ?? utcDay(text.slice(0, '2021-09-04'.length));
}

/** What records say in `language`, by a path's extension. */
export function languageOfFile(path: string | undefined): string | undefined {
  const row: Language | undefined = path === undefined ? undefined : languageOfPath(path);
  return row === undefined ? undefined : LANGUAGES[row].recordLanguage;
}

const LANGUAGE_NAMES: Readonly<Record<string, string>> = {
  'c++': 'cpp',
  'c#': 'csharp',
  js: 'javascript',
  ts: 'typescript',
};

/** A language's name as records say it: "C++" is cpp. */
export function languageNamed(value: unknown): string | undefined {
  const name = textOf(value)?.toLowerCase();
  return name === undefined ? undefined : (LANGUAGE_NAMES[name] ?? name);
}

/** `owner/name` of a repository's URL; other texts as they are. */
export function projectOf(value: unknown): string | undefined {
  const text = textOf(value);
  const match = /^(?:https?:\/\/)?(?:www\.)?[\w.-]+\.[a-z]+\/([^/\s]+\/[^/\s]+?)(?:\.git)?(?:\/.*)?$/i.exec(
    text ?? '',
  );
  return match?.[1] ?? text;
}

/** The hash at the end of a commit's URL, or the text itself. */
export function commitOf(value: unknown): string | undefined {
  const text = textOf(value);
  return /\/commits?\/([0-9a-f]{7,40})/i.exec(text ?? '')?.[1] ?? text;
}

/** The split that a path's last file or folder name tells: `VDISC_validate.hdf5`, `val/cwe-022.jsonl`. */
export function splitOfPath(path: string): Split | undefined {
  for (const part of path.split(/[/\\]/).reverse()) {
    const match =
      /(?:^|[^a-z])(train|training|valid|validate|validation|val|dev|test|testing)(?:[^a-z]|$)/i.exec(part);
    if (match !== null) return splitNamed(match[1]);
  }
  return undefined;
}

/** The split that a word names. */
export function splitNamed(value: unknown): Split | undefined {
  const word = textOf(value)?.toLowerCase() ?? '';
  if (/^train(?:ing)?$/.test(word)) return 'train';
  if (/^(?:valid|validate|validation|val|dev)$/.test(word)) return 'valid';
  return /^test(?:ing)?$/.test(word) ? 'test' : undefined;
}

/** A record without the fields that are undefined. */
export function compact(fields: { readonly [field: string]: unknown; readonly code: string }): DatasetRecord {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(known) as unknown as DatasetRecord;
}
