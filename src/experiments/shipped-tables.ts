/** @file The tables that come with Vultune, and what a name on a command line stands for. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VultuneError } from '../base/errors.ts';

const FOLDER = fileURLToPath(new URL('../../data/experiments/', import.meta.url));

/** Names of the shipped tables, numbers in their order. */
export function shippedTables(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * The file of a table: a shipped one by its name, any other by its path (with a separator, or the ending of YAML).
 * @throws VultuneError `EXPERIMENT_UNKNOWN`
 */
export function tablePath(name: string): string {
  if (/[\\/]|\.ya?ml$/i.test(name) || existsSync(name)) return name;
  if (shippedTables().includes(name)) return join(FOLDER, `${name}.yaml`);
  throw new VultuneError('EXPERIMENT_UNKNOWN', `found no table called ${JSON.stringify(name)}`, {
    where: { name },
    hint: '`vultune experiment list` names those that come with Vultune; any other is a path to a YAML file',
  });
}
