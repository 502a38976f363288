/** @file The table of npm advisories that comes with Vultune. */
import { fileURLToPath } from 'node:url';

export const SHIPPED_TABLE = fileURLToPath(new URL('../../../../data/advisories/npm.jsonl', import.meta.url));

/** How datasets name it: its path is another one on every machine. */
export const SHIPPED_TABLE_NAME = 'npm.jsonl, which comes with vultune';
