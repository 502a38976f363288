/** @file What a commit object says: parents, day, message. The format is git's own (git-cat-file). */

export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
  /** ISO 8601 day of the commit, UTC. */
  readonly date: string | undefined;
  readonly message: string;
}

export function parseCommit(id: string, bytes: Buffer): Commit {
  const end = bytes.indexOf('\n\n');
  const head = bytes.subarray(0, end === -1 ? bytes.length : end).toString('latin1');
  const parents = [...head.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map((match) => match[1]!);
  const seconds = /^committer .*> (-?\d+) [+-]\d{4}$/m.exec(head)?.[1];
  const message = end === -1 ? '' : bytes.subarray(end + 2).toString('utf8');
  return { id, parents, date: isoDay(seconds), message };
}

function isoDay(seconds: string | undefined): string | undefined {
  const date = new Date(Number(seconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);
}
