/** @file The tables of advisories that come with Vultune. */
import { fileURLToPath } from 'node:url';
import type { Ecosystem } from '../releases/release-pair.ts';

const pathOf = (ecosystem: Ecosystem) =>
  fileURLToPath(new URL(`../../../../data/advisories/${ecosystem}.jsonl`, import.meta.url));

export const SHIPPED_TABLES: Readonly<Record<Ecosystem, string>> = {
  npm: pathOf('npm'),
  pypi: pathOf('pypi'),
  maven: pathOf('maven'),
};

/** How datasets name a table: the path of a shipped one is another one on every machine. */
export function tableName(location: string): string {
  const shipped = Object.entries(SHIPPED_TABLES).find(([, path]) => path === location);
  return shipped === undefined ? location : `${shipped[0]}.jsonl, which comes with vultune`;
}
