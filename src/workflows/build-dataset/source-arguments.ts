/** @file `project-kb=statements git=fixes.csv`, or `project-kb statements`: sources and their locations. */
import { distance } from 'fastest-levenshtein';
import { VultuneError } from '../../base/errors.ts';
import type { SourceRow } from '../../dataset/sources/registry.ts';

export interface SourceArgument {
  readonly row: SourceRow;
  readonly location: string | undefined;
}

/** A name takes the next word as its location unless that names a source itself. @throws VultuneError `CLI_USAGE`. */
export function parseSources(words: readonly string[], rows: readonly SourceRow[]): SourceArgument[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const found: SourceArgument[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const [name, location] = splitAtEquals(word);
    const row = byName.get(name);
    if (row === undefined) throw unknownSource(name, rows);
    const next = words[index + 1];
    if (location !== undefined) found.push({ row, location });
    else if (next === undefined || byName.has(splitAtEquals(next)[0]))
      found.push({ row, location: undefined });
    else {
      found.push({ row, location: next });
      index++;
    }
  }
  if (found.length === 0) {
    throw new VultuneError('CLI_USAGE', 'no source given', { hint: `one of ${names(rows)}` });
  }
  return found;
}

function splitAtEquals(word: string): [name: string, location: string | undefined] {
  const at = word.indexOf('=');
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function unknownSource(name: string, rows: readonly SourceRow[]): VultuneError {
  const [nearest] = rows.map((row) => row.name).sort((a, b) => distance(a, name) - distance(b, name));
  const isPath = /[/\\.]/.test(name);
  const near =
    nearest !== undefined && distance(nearest, name) <= 2
      ? `did you mean ${nearest}? `
      : isPath
        ? `write NAME=${name}, with the name of what it is; `
        : '';
  return new VultuneError('CLI_USAGE', `unknown source ${JSON.stringify(name)}`, {
    where: { name },
    hint: `${near}sources are ${names(rows)}`,
  });
}

const names = (rows: readonly SourceRow[]) => rows.map((row) => row.name).join(', ');
