/** @file Rows of JSON lines: one JSON object per line, from any stream of bytes. What rows mean is decided later. */
import { VultuneError } from '../../../base/errors.ts';
import { duplicateKey } from '../../duplicate-keys.ts';
import { parseRow } from '../../json/parse-row.ts';
import { repeatedKey } from '../../read-jsonl.ts';
import { readByteLines } from '../../read-lines.ts';
import { MAX_ROW_BYTES } from './row-limit.ts';
import type { TableRow } from './table-row.ts';

/** @throws VultuneError `DATASET_ENCODING`, `DATASET_LINE_TOO_LONG`, `DATASET_JSON_BROKEN`, `DATASET_FIELD_TYPE`. */
export async function* jsonlRows(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<TableRow> {
  const limits = { maxLineBytes: MAX_ROW_BYTES, skipEmpty: true };
  for await (const { text, number } of readByteLines(bytes, file, limits)) {
    if (text.trim() === '') continue;
    yield { value: parseObject(text, file, number), line: number };
  }
}

function parseObject(text: string, file: string, line: number): Record<string, unknown> {
  const where = { file, line };
  const value = parseRow(text, where);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const repeated = duplicateKey(text);
    if (repeated !== undefined) throw repeatedKey(repeated, { file, line });
    return value as Record<string, unknown>;
  }
  throw new VultuneError('DATASET_FIELD_TYPE', `line ${line} does not hold a JSON object`, {
    where,
    hint: 'expected one JSON object per line (JSON lines)',
  });
}
