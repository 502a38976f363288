/**
 * @file The fix commits of a CVEfixes database with their vulnerabilities, and where the rows of their files lie: small
 * columns only, so that tens of gigabytes of code are not touched.
 */

import { projectName } from '../../project-name.ts';
import type { FixFacts } from '../../source.ts';
import { cveOf, cweOf, dayOf } from '../published/cells.ts';
import { type ReadOnlyDatabase, rowsToldOf } from './database.ts';

export interface Fix {
  readonly facts: FixFacts;
  /** Row ids in file_change, in order. */
  readonly fileRows: readonly number[];
}

/** Sorted by project and commit. `onShare` hears 0 to 1. `missing`: fixes that name a commit that was never collected. */
export function listFixes(
  database: ReadOnlyDatabase,
  onShare: (share: number) => void,
): { readonly fixes: readonly Fix[]; readonly missing: number } {
  const total = rowCount(database, ['file_change', 'commits', 'cwe_classification', 'fixes']);
  let done = 0;
  const onRows = (rows: number) => {
    done += rows;
    onShare(Math.min(1, done / Math.max(1, total)));
  };
  const rowsFrom = (sql: string) => rowsToldOf(database, sql, onRows);
  const rowsOf = new Map<string, number[]>();
  for (const row of rowsFrom('SELECT rowid AS id, hash FROM file_change')) {
    const hash = String(row.hash);
    const rows = rowsOf.get(hash);
    if (rows === undefined) rowsOf.set(hash, [Number(row.id)]);
    else rows.push(Number(row.id));
  }
  const dates = new Map<string, string | undefined>();
  for (const row of rowsFrom('SELECT hash, committer_date FROM commits')) {
    dates.set(String(row.hash), dayOf(row.committer_date));
  }
  const cwes = new Map<string, string[]>();
  for (const row of rowsFrom('SELECT cve_id, cwe_id FROM cwe_classification')) {
    const cve = String(row.cve_id);
    cwes.set(cve, [...(cwes.get(cve) ?? []), ...(cweOf(row.cwe_id) ?? [])]);
  }
  const cves = new Map<string, { readonly repository: string; readonly cves: Set<string> }>();
  for (const row of rowsFrom('SELECT cve_id, hash, repo_url FROM fixes')) {
    const hash = String(row.hash);
    const known = cves.get(hash) ?? { repository: String(row.repo_url), cves: new Set() };
    const cve = cveOf(row.cve_id);
    if (cve !== undefined) known.cves.add(cve);
    cves.set(hash, known);
  }
  const fixes: Fix[] = [];
  let missing = 0;
  for (const [hash, { repository, cves: ids }] of cves) {
    const fileRows = rowsOf.get(hash);
    if (fileRows === undefined) {
      missing++;
      continue;
    }
    const cve = [...ids].sort();
    const cwe = [...new Set(cve.flatMap((id) => cwes.get(id) ?? []))];
    const date = dates.get(hash);
    const facts = {
      project: projectName(repository),
      commit: hash,
      cve,
      cwe,
      ...(date === undefined ? {} : { date }),
    };
    fixes.push({ facts, fileRows });
  }
  const order = ({ facts }: Fix) => `${facts.project} ${facts.commit}`;
  fixes.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { fixes, missing };
}

/** About how many rows the tables have: the last row's number, which costs nothing to ask for. */
export function rowCount(database: ReadOnlyDatabase, tables: readonly string[]): number {
  const counts = tables.map((table) => database.all(`SELECT max(rowid) AS last FROM ${table}`));
  return counts.reduce((sum, [row]) => sum + Number(row?.last ?? 0), 0);
}

/** Whether the database was published with the files themselves. */
export function hasFileContents(database: ReadOnlyDatabase): boolean {
  const columns = database.all("SELECT name FROM pragma_table_info('file_change')").map((row) => row.name);
  if (!columns.includes('code_before') || !columns.includes('code_after')) return false;
  const sql =
    "SELECT 1 FROM file_change WHERE code_before IS NOT NULL AND code_before NOT IN ('', 'None') LIMIT 1";
  return database.all(sql).length > 0;
}
