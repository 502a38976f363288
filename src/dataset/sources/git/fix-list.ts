/**
 * @file Lists of fixes: CSV with a header line (ours, VCMatch's, most others'), project-kb's older CSV without one, or
 * JSON lines. Gives rows as the list says them; asks no repository.
 */
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { VultuneError } from '../../../base/errors.ts';
import { fileError } from '../../../base/files.ts';
import { parseRow } from '../../json/parse-row.ts';
import { readLines } from '../../read-lines.ts';

export interface FixRow {
  /** A path or URL, unchecked. */
  readonly repository: string;
  /** 7 to 64 hexadecimal digits, in lower case. */
  readonly commit: string;
  readonly cve: readonly string[];
  readonly cwe: readonly string[];
  /** 1-based. */
  readonly line: number;
}

/** Rows, and the lines that are none: `onBroken` is told why, by reason in the words of the card. */
export async function* readFixList(
  path: string,
  onBroken: (reason: string, line: number) => void,
): AsyncGenerator<FixRow> {
  const rows = /\.(?:jsonl|ndjson|json)$/i.test(path) ? jsonRows(path, onBroken) : csvRows(path);
  for await (const { fields, line } of rows) {
    const row = toRow(fields, line);
    if (typeof row === 'string') onBroken(row, line);
    else if (row !== undefined) yield row;
  }
}

type Fields = ReadonlyMap<string, string>;

/** By what others call them; letters and digits only, in lower case. */
const NAMES: Readonly<Record<'repository' | 'commit' | 'cve' | 'cwe' | 'class', readonly string[]>> = {
  repository: ['repository', 'repo', 'repositoryurl', 'repourl', 'giturl', 'project', 'url'],
  commit: ['commit', 'fixcommit', 'sha', 'hash', 'commitid', 'commithash', 'patch', 'fixcommithash'],
  cve: ['cve', 'cveid', 'cves', 'vulnerabilityid', 'vulnid'],
  cwe: ['cwe', 'cweid', 'cwes'],
  class: ['class', 'label'],
};

function pick(fields: Fields, name: keyof typeof NAMES): string {
  for (const alias of NAMES[name]) {
    const value = fields.get(alias)?.trim();
    if (value !== undefined && value !== '') return value;
  }
  return '';
}

/** A row, why it is none, or undefined where the list itself calls the commit no fix. */
function toRow(fields: Fields, line: number): FixRow | string | undefined {
  if (/^(?:neg|0|false|no)$/i.test(pick(fields, 'class'))) return undefined;
  const given = pick(fields, 'commit');
  // .../OWNER/NAME/commit/HASH, as advisories link to it
  const link = /^(https?:\/\/\S+?)\/(?:-\/)?commits?\/([0-9a-f]{7,64})\b/i.exec(given);
  const commit = (link?.[2] ?? given).toLowerCase();
  let repository = pick(fields, 'repository') || (link?.[1] ?? '');
  const owner = fields.get('owner')?.trim() ?? '';
  if (owner !== '' && repository !== '' && !/[/:]/.test(repository)) repository = `${owner}/${repository}`;
  // Lists that give OWNER and REPO, or OWNER/REPO, mean the hub where nearly all of them are.
  if (owner !== '' && /^[\w.-]+\/[\w.-]+$/.test(repository)) repository = `https://github.com/${repository}`;
  if (repository === '') return 'list: row without a repository';
  if (!/^[0-9a-f]{7,64}$/.test(commit)) return 'list: row without a commit hash';
  return {
    repository,
    commit,
    cve: ids(pick(fields, 'cve'), 'CVE'),
    cwe: ids(pick(fields, 'cwe'), 'CWE'),
    line,
  };
}

/** `CVE-2020-1;CVE-2020-2`, `['CWE-79']`, `79`: the identifiers in it. Other advisories' names stay as they are. */
function ids(text: string, kind: 'CVE' | 'CWE'): string[] {
  if (kind === 'CWE' && /^\d+$/.test(text)) return [`CWE-${text}`];
  const parts = text
    .split(/[\s,;|[\]'"]+/)
    .filter((part) => /^[A-Za-z][\w.-]*$/.test(part) && /\d/.test(part));
  return [...new Set(parts.map((part) => (/^(?:cve|cwe)-/i.test(part) ? part.toUpperCase() : part)))];
}

interface ListLine {
  readonly fields: Fields;
  readonly line: number;
}

const MAX_RECORD_CHARACTERS = 2 ** 20;

async function* csvRows(path: string): AsyncGenerator<ListLine> {
  const source = createReadStream(path);
  const parser = parse({
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    info: true,
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let header: readonly string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      if (header === undefined) {
        const names = record.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
        header = isHeader(names, path) ? names : HEADERLESS;
        if (header === names) continue;
      }
      const columns = header;
      yield { fields: new Map(record.map((value, i) => [columns[i] ?? '', value])), line: info.lines };
    }
  } catch (error) {
    throw error instanceof VultuneError ? error : listError(error, path);
  } finally {
    source.destroy();
  }
}

/** project-kb's older list: cve,repository,commit,class. */
const HEADERLESS: readonly string[] = ['cve', 'repository', 'commit', 'class'];

/** @throws VultuneError `FIX_LIST_COLUMNS` */
function isHeader(names: readonly string[], path: string): boolean {
  if (names.some((name) => NAMES.commit.includes(name))) return true;
  if (/^[0-9a-f]{7,64}$/.test(names[2] ?? '')) return false;
  throw new VultuneError(
    'FIX_LIST_COLUMNS',
    `no column for the commit: found ${names.slice(0, 12).join(', ')}`,
    {
      where: { file: path, line: 1 },
      hint: 'the first line names the columns: repository, commit, and where known cve, cwe',
    },
  );
}

function listError(error: unknown, path: string): unknown {
  const translated = fileError(error, path, 'read');
  if (translated !== error || !(error instanceof Error) || !('code' in error)) return translated;
  if (!String(error.code).startsWith('CSV_')) return error;
  return new VultuneError('FIX_LIST_BROKEN', `${path} is not a CSV file: ${error.message.slice(0, 200)}`, {
    where: { file: path },
    cause: error,
  });
}

async function* jsonRows(
  path: string,
  onBroken: (reason: string, line: number) => void,
): AsyncGenerator<ListLine> {
  for await (const { text, number } of readLines(path, { maxLineBytes: MAX_RECORD_CHARACTERS })) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = parseRow(text, { file: path, line: number });
    } catch {
      value = undefined;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      onBroken('list: line is not a JSON object', number);
      continue;
    }
    const fields = Object.entries(value).map(([name, field]): [string, string] => [
      name.toLowerCase().replace(/[^a-z0-9]/g, ''),
      Array.isArray(field) ? field.join(' ') : typeof field === 'object' ? '' : String(field),
    ]);
    yield { fields: new Map(fields), line: number };
  }
}
