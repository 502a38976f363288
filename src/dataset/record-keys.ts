/**
 * @file What of a record must not be on two sides of a split: its pair, its commit, its CVEs. The one place that says
 * when two records share one. Duplicates are known only of a whole dataset: see duplicates/.
 */
import type { DatasetRecord } from './record.ts';

export interface RecordKeys {
  readonly pair?: string;
  readonly commit?: string;
  readonly cves: readonly string[];
}

/**
 * A commit's hash is the same commit in every project (a fork's too); anything else (`1.2.0...1.2.1`, `r4711`) means
 * something only within its project. Identifiers without a digit ("None", "unknown") are no CVE.
 */
export function recordKeys({ pair, commit, project, cve }: DatasetRecord): RecordKeys {
  return {
    ...(isGiven(pair) ? { pair } : {}),
    ...(isGiven(commit)
      ? { commit: isHash(commit) ? commit.toLowerCase() : `${project ?? ''} ${commit}` }
      : {}),
    cves: isGiven(cve)
      ? cve.split(/[\s,;|]+/).flatMap((id) => (/\d/.test(id) && id.includes('-') ? [id.toUpperCase()] : []))
      : [],
  };
}

/** The same as texts that do not collide: what `assignSplits` wants. */
export function splitKeys(record: DatasetRecord): string[] {
  const { pair, commit, cves } = recordKeys(record);
  return [
    ...(pair === undefined ? [] : [`pair ${pair}`]),
    ...(commit === undefined ? [] : [`commit ${commit}`]),
    ...cves.map((cve) => `cve ${cve}`),
  ];
}

const isHash = (commit: string) => /^[0-9a-f]{7,64}$/i.test(commit);
const isGiven = (text: string | undefined): text is string => text !== undefined && text.trim() !== '';
