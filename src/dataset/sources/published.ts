/** @file Published sets as a source for the builder: records that somebody labelled already. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { type FieldMapping, parseFieldMapping } from '../formats/field-mapping.ts';
import { folderFiles } from '../formats/folder-files.ts';
import { openDataset } from '../formats/open-dataset.ts';
import type { RecordSource } from '../source.ts';

/** As the command line gives them: `--format`, `--field`, `--vulnerable`, `--safe`. */
export interface PublishedOptions {
  readonly format?: unknown;
  readonly field?: unknown;
  readonly vulnerable?: unknown;
  readonly safe?: unknown;
}

/** `whileOpening`: ends the opening. @throws VultuneError `SOURCE_LOCATION`, `FIELD_MAPPING`, and as `openDataset`. */
export async function openPublished(
  location: string | undefined,
  options: PublishedOptions = {},
  whileOpening?: AbortSignal,
): Promise<RecordSource> {
  if (location === undefined) {
    throw new VultuneError('SOURCE_LOCATION', 'published needs a file or folder', {
      hint: 'write published=FILE, for example published=primevul_train.jsonl',
    });
  }
  const mapping = mappingOf(options);
  const opening = {
    ...(typeof options.format === 'string' ? { format: options.format } : {}),
    ...(mapping === undefined ? {} : { mapping }),
  };
  const { format, sizeBytes } = await openDataset(
    location,
    whileOpening === undefined ? opening : { ...opening, signal: whileOpening },
  );
  return {
    kind: 'records',
    info: { name: format, location, ...(sizeBytes === undefined ? {} : { version: `${sizeBytes} bytes` }) },
    ...(location === '-' ? {} : { cacheKey: JSON.stringify([filesOf(location), format, opening]) }),
    async *records({ tally, signal, onShare }) {
      const onBytes = (done: number) => onShare?.(done / Math.max(1, sizeBytes ?? 0));
      const opened = await openDataset(location, {
        ...opening,
        tally,
        signal,
        ...(sizeBytes === undefined ? {} : { onBytes }),
      });
      for await (const { record, split } of opened.records()) {
        yield split === undefined ? record : { ...record, split };
      }
    },
  };
}

/** What tells that a file, or those of a folder, are as they were: path, bytes, time of the last change. */
function filesOf(location: string): readonly (readonly [path: string, sizeBytes: number, mtimeMs: number])[] {
  const path = resolve(location);
  const paths = statSync(path).isDirectory() ? folderFiles(path).map((name) => join(path, name)) : [path];
  return paths.map((one) => {
    const { size, mtimeMs } = statSync(one);
    return [one, size, mtimeMs];
  });
}

/** What the options say of columns and labels; undefined when they say nothing. @throws VultuneError `FIELD_MAPPING`. */
export function mappingOf({ field, vulnerable, safe }: PublishedOptions): FieldMapping | undefined {
  const words = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  if ([field, vulnerable, safe].every((value) => words(value).length === 0)) return undefined;
  return parseFieldMapping(words(field), { vulnerable: words(vulnerable), safe: words(safe) });
}
