/** @file The tables and recipes that come with Vultune, and what a name on a command line stands for. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VultuneError } from '../base/errors.ts';

const DATA = fileURLToPath(new URL('../../data/', import.meta.url));
const ENDING = '.yaml';

/** Names of the shipped tables, numbers in their order. */
export const shippedTables = (): readonly string[] => namesIn('experiments');
export const shippedRecipes = (): readonly string[] => namesIn('recipes');

/**
 * The file of a table: a shipped one by its name, any other by its path (with a separator, the ending of YAML, or as it is).
 * @throws VultuneError `EXPERIMENT_UNKNOWN`
 */
export const tablePath = (name: string): string => pathIn('experiments', name);
export const recipePath = (name: string): string => pathIn('recipes', name);

function namesIn(folder: string): readonly string[] {
  return readdirSync(join(DATA, folder))
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function pathIn(folder: 'experiments' | 'recipes', name: string): string {
  if (namesIn(folder).includes(name)) return join(DATA, folder, `${name}${ENDING}`);
  if (/[\\/]|\.ya?ml$/i.test(name) || existsSync(name)) return name;
  const what = folder === 'experiments' ? 'table' : 'recipe';
  throw new VultuneError('EXPERIMENT_UNKNOWN', `found no ${what} called ${JSON.stringify(name)}`, {
    where: { name },
    hint: `those that come with Vultune: ${namesIn(folder).join(', ')}; any other is a path to a YAML file`,
  });
}
